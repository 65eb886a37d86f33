"""Talk to a running Odoo the way that its own web client does."""

import json
from http.cookiejar import CookieJar
from typing import Any
from urllib.request import HTTPCookieProcessor, Request, build_opener

from .console import Stop

ANSWERS_WITHIN_S = 120


class WebClient:
    """A session of one person in one database."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def log_in(self, database: str, login: str, password: str) -> None:
        """Open the session.

        :raises Stop: when Odoo does not know this person.
        """
        credentials = {"db": database, "login": login, "password": password}
        self._post("/web/session/authenticate", credentials)

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a public method of a model, as a button or a form does.

        :raises Stop: with the words in which Odoo refused.
        """
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def read(self, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
        """Return the records that fit, oldest first."""
        found: list[dict[str, Any]] = self.call(
            model, "search_read", domain, fields, order="id"
        )
        return found

    def _post(self, path: str, params: dict[str, Any]) -> Any:
        request = Request(
            self._address + path,
            data=json.dumps({"jsonrpc": "2.0", "params": params}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with self._opener.open(request, timeout=ANSWERS_WITHIN_S) as response:
            answer = json.load(response)
        if "error" in answer:
            refusal = answer["error"]
            words = refusal.get("data", {}).get("message") or refusal["message"]
            raise Stop(f"Odoo refused {path}: {words}")
        return answer.get("result")  # None of a method that returns nothing
