"""The access token: asked for, kept for at most 23 hours, renewed by one thread.

Source: Procurify API reference, "Authentication": client credentials as JSON, the token
lives 24 hours, there is no refresh token, clients are asked to keep it.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .answers import Answer, check_token
from .errors import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Callable

AUDIENCE = "https://api.procurify.com/"
MAX_TOKEN_LIFE = timedelta(hours=24)
RENEWAL_MARGIN = timedelta(hours=1)
UNSTATED_LIFE_S = 3600
"""Seconds, for a server that does not say how long its token lives."""
_SCOPE_PREFIX = "urn:procurify-api:"


@dataclass(frozen=True)
class Token:
    """An access token; keep all four values to share it between processes.

    :param expires_at: aware UTC; never more than 24 hours after it was issued
    :param renew_at: aware UTC, when to ask for a new one; by default an hour before
    """

    access_token: str = field(repr=False)
    expires_at: datetime
    scope: str = ""
    renew_at: datetime = field(default=None, compare=False)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.renew_at is None:
            object.__setattr__(self, "renew_at", self.expires_at - RENEWAL_MARGIN)

    @property
    def tenant(self) -> str:
        """Name of the Procurify domain that the token belongs to, or ""."""
        return self._scope_value("domain")

    @property
    def email(self) -> str:
        """Address of the user whose permissions the token has, or ""."""
        return self._scope_value("email")

    def _scope_value(self, name: str) -> str:
        prefix = f"{_SCOPE_PREFIX}{name}:"
        for urn in self.scope.split():
            if urn.startswith(prefix):
                return urn[len(prefix) :]
        return ""


class TokenSource:
    """Gives threads a valid token and lets only one of them fetch a new one.

    It holds the secret and the token: what a client shows must not lead here.

    :param post_token: sends the request for a token and returns what is parsed
    :param load: returns the token that is kept somewhere, if there is one
    :param keep: keeps a new token, in the thread that fetched it
    :param renews: False: nobody but :meth:`fetch` asks for a token
    """

    def __init__(
        self,
        post_token: Callable[[dict[str, str], Callable[[Answer], Token]], Token],
        client_id: str,
        client_secret: str,
        *,
        load: Callable[[], Token | None],
        keep: Callable[[Token], None],
        now: Callable[[], datetime],
        renews: bool = True,
    ) -> None:
        self._post_token = post_token
        self._client_id = client_id
        self._client_secret = client_secret
        self._load = load
        self._keep = keep
        self._now = now
        self._lock = threading.Lock()
        self._renews = renews
        self._token = load()

    def reload(self) -> bool:
        """Take the token that is kept now, and return whether it is another one."""
        with self._lock:
            before, self._token = self._token, self._load()
            return self._token != before

    def is_due(self) -> bool:
        """Return whether a token is to be fetched."""
        return self._token is None or self._now() >= self._token.renew_at

    def current(self) -> Token:
        """Return a token that need not be renewed yet.

        :raises StreamError: see :meth:`fetch`
        :raises TokenRefused: there is none, and others renew it
        """
        with self._lock:
            if self._token is None or (self._renews and self.is_due()):
                self._token = self._renewed()
            return self._token

    def replace(self, refused: Token) -> Token:
        """Return another token than the one that the API just refused.

        :raises StreamError: see :meth:`fetch`
        :raises TokenRefused: others renew it
        """
        with self._lock:
            if self._token is None or self._token.access_token == refused.access_token:
                self._token = self._renewed()
            return self._token

    def fetch(self) -> Token:
        """Ask for a new token, whatever the old one is worth.

        :raises AuthenticationError: client id and secret are refused
        :raises AddressError: there is no token endpoint
        :raises TransientError: the server is busy, down or unreachable
        :raises ProtocolError: the answer holds no token
        """
        with self._lock:
            self._token = self._fetch()
            return self._token

    def _renewed(self) -> Token:
        if not self._renews:
            raise TokenRefused
        return self._fetch()

    def _fetch(self) -> Token:
        body = {
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "audience": AUDIENCE,
            "grant_type": "client_credentials",
        }
        token = self._post_token(body, self._parse)
        self._keep(token)
        return token

    def _parse(self, answer: Answer) -> Token:
        check_token(answer)
        data = _load(answer)
        access_token = data.get("access_token") if isinstance(data, dict) else None
        if not isinstance(access_token, str) or not _is_sendable(access_token):
            raise answer.protocol_error("The token endpoint sent no access token")
        issued, life = self._now().replace(microsecond=0), _life(data)
        return Token(
            access_token=access_token,
            expires_at=issued + life,
            scope=str(data.get("scope") or ""),
            renew_at=issued + max(life - RENEWAL_MARGIN, life / 2),
        )


def _load(answer: Answer) -> Any:
    try:
        return json.loads(answer.text())
    except (ValueError, RecursionError):
        error = answer.malformed()
    raise error


def _is_sendable(access_token: str) -> bool:
    """Say whether the text can stand in a header."""
    return re.fullmatch(r"[!-~]+", access_token) is not None


def _life(data: dict[str, Any]) -> timedelta:
    try:
        seconds = int(data["expires_in"])
    except (KeyError, TypeError, ValueError, OverflowError):
        seconds = UNSTATED_LIFE_S
    longest = int(MAX_TOKEN_LIFE.total_seconds())
    return timedelta(seconds=min(max(seconds, 0), longest))
