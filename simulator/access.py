"""Who may talk to the API: the token endpoint and the checks of each request."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from .faults import Reply
from .manufacturer import API_EMAIL, SUBDOMAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

AUDIENCE: Final = "https://api.procurify.com/"
GRANT: Final = "client_credentials"
MEMBERS: Final = ("client_id", "client_secret", "audience", "grant_type")
SCOPE: Final = (
    f"urn:procurify-api:domain:{SUBDOMAIN} urn:procurify-api:email:{API_EMAIL}"
)


def json_reply(status: int, document: object) -> Reply:
    return Reply(
        status,
        json.dumps(document, ensure_ascii=False).encode(errors="backslashreplace"),
    )


def detail(status: int, text: str) -> Reply:
    """Return an error in the form of the real back end's framework."""
    return json_reply(status, {"detail": text})


def _refused(status: int, error: str, description: str) -> Reply:
    return json_reply(status, {"error": error, "error_description": description})


@dataclass
class Access:
    """Credentials and the tokens that were handed out for them.

    :param label: distinguishes the tokens of one simulator from those of another
    """

    client_id: str
    client_secret: str
    token_lifetime_s: float
    label: str = ""
    reject_secret: bool = False
    issued: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _expiry: dict[str, float] = field(default_factory=dict, repr=False)

    def token(self, body: bytes) -> Reply:
        """Answer a request for a token."""
        try:
            asked = json.loads(body)
        except ValueError:
            return _refused(400, "invalid_request", "The body is not JSON.")
        if not isinstance(asked, dict):
            return _refused(400, "invalid_request", "The body is not an object.")
        missing = [name for name in MEMBERS if not asked.get(name)]
        if missing:
            return _refused(400, "invalid_request", f"Missing: {', '.join(missing)}")
        if asked["grant_type"] != GRANT:
            return _refused(403, "unsupported_grant_type", "Unsupported grant type.")
        if asked["audience"] != AUDIENCE:
            return _refused(403, "access_denied", "Service not enabled in domain.")
        given = asked["client_id"], asked["client_secret"]
        if self.reject_secret or given != (self.client_id, self.client_secret):
            return _refused(401, "access_denied", "Unauthorized")
        return json_reply(
            200,
            {
                "access_token": self._issue(),
                "scope": SCOPE,
                "expires_in": int(self.token_lifetime_s),
                "token_type": "Bearer",
            },
        )

    def _issue(self) -> str:
        with self._lock:
            self.issued += 1
            token = f"simulated-token-{self.label}-{self.issued:06d}"
            self._expiry[token] = time.monotonic() + self.token_lifetime_s
            return token

    def expire_tokens(self) -> None:
        """Make every token handed out so far invalid."""
        with self._lock:
            self._expiry.clear()

    def refusal(self, headers: Mapping[str, str]) -> Reply | None:
        """Return why an API request is refused; None when it may go on."""
        scheme, _space, token = headers.get("Authorization", "").partition(" ")
        if not token:
            return detail(401, "Authentication credentials were not provided.")
        with self._lock:
            expiry = self._expiry.get(token, 0.0)
        if scheme.lower() != "bearer" or time.monotonic() >= expiry:
            return detail(401, "Invalid or expired token.")
        if not headers.get("X-Procurify-Client"):
            return detail(403, "The X-Procurify-Client header is required.")
        return None
