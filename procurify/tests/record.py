"""Record the conversations with the simulator again: python -m procurify.tests.record.

Hosts, the tenant's secret and the tokens are replaced before anything is written.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from simulator import Simulator

from .. import AuthenticationError, Client
from .conversations import BASE_URL, CASSETTES, CONVERSATIONS, recorder

if TYPE_CHECKING:
    from collections.abc import Callable

BILLS = 8
SEED = 1
VENDORS_PATH = "/api/v3/vendors/"

FAULTS: dict[str, Callable[[Simulator], object]] = {
    "wrong_secret": lambda simulator: setattr(simulator, "reject_secret", True),
    "expired_token": lambda simulator: simulator.faults.add(VENDORS_PATH, status=401),
    "busy_server": lambda simulator: simulator.faults.add(
        VENDORS_PATH, status=429, retry_after=2
    ),
}
_LOCAL = re.compile(r"http://127\.0\.0\.1:\d+")
_KEPT_HEADERS = {"content-type", "content-length", "retry-after", "location"}


def main() -> None:
    """Write every cassette."""
    for name in CONVERSATIONS:
        (CASSETTES / f"{name}.yaml").unlink(missing_ok=True)
        with Simulator(bills=BILLS, seed=SEED) as simulator:
            if name in FAULTS:
                FAULTS[name](simulator)
            _record(name, simulator)


def _record(name: str, simulator: Simulator) -> None:
    converse, page_size = CONVERSATIONS[name]
    client = Client(
        simulator.base_url,
        simulator.client_id,
        simulator.client_secret,
        page_size=page_size,
        detail_workers=1,
        allow_loopback=True,
        sleep=lambda _: None,
    )
    tape = recorder(
        record_mode="all",
        filter_headers=["authorization", "user-agent"],
        filter_post_data_parameters=[("client_secret", "***")],
        before_record_request=_hide_host,
        before_record_response=_hide_secrets,
    )
    with tape.use_cassette(name), client:
        try:
            converse(client)
        except AuthenticationError:
            if name != "wrong_secret":
                raise


def _hide_host(request: Any) -> Any:
    request.uri = _LOCAL.sub(BASE_URL, request.uri)
    request.headers.pop("Host", None)
    return request


def _hide_secrets(response: dict[str, Any]) -> dict[str, Any]:
    text = _LOCAL.sub(BASE_URL, response["body"]["string"].decode())
    if '"access_token"' in text:
        text = json.dumps({**json.loads(text), "access_token": "token-of-the-tape"})
    headers = {
        name: values
        for name, values in response["headers"].items()
        if name.lower() in _KEPT_HEADERS
    }
    headers["Content-Length"] = [str(len(text.encode()))]
    return {**response, "headers": headers, "body": {"string": text.encode()}}


if __name__ == "__main__":
    main()
