"""A few lines of HTTP for the tests: no redirects, no retries, no interpretation."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .. import Simulator

GRANT = {"audience": "https://api.procurify.com/", "grant_type": "client_credentials"}


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Talks to a simulator, with a token when it has one."""

    simulator: Simulator
    headers: dict[str, str] = field(default_factory=dict)
    timeout_s: float = 10.0
    base_url: str = ""

    def log_in(self) -> Client:
        given = {
            "client_id": self.simulator.client_id,
            "client_secret": self.simulator.client_secret,
            **GRANT,
        }
        token = self.send("POST", "/oauth/token", given).json["access_token"]
        self.headers = {
            "Authorization": f"Bearer {token}",
            "X-Procurify-Client": "api",
            "Accept": "application/json",
        }
        return self

    def send(self, method: str, target: str, given: object = None) -> Answer:
        host = urlsplit(self.base_url or self.simulator.base_url).netloc
        connection = http.client.HTTPConnection(host, timeout=self.timeout_s)
        try:
            body = None if given is None else json.dumps(given)
            connection.request(method, target, body, self.headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def get(self, path: str, **query: object) -> Answer:
        return self.send("GET", f"{path}?{urlencode(query)}" if query else path)

    def ids(self, path: str, **query: object) -> list[int]:
        """Return the ids of one page."""
        return [row["id"] for row in self.get(path, **query).json["data"]]

    def pages(self, path: str, **query: object) -> Iterator[Any]:
        """Return the answers page by page, following `next`."""
        target: str | None = f"{path}?{urlencode(query)}"
        while target is not None:
            found = self.send("GET", target).json
            yield found
            following = found["metadata"]["pagination"]["next"]
            target = following and following.removeprefix(self.simulator.base_url)
