"""Run the simulator as a process of its own: ``python -m simulator``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from datetime import date

from .books import books
from .dataset import Dataset
from .server import DEMO_ID, DEMO_SECRET, Simulator


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--bills", type=int, default=60)
    parser.add_argument("--orders", type=int, default=40, help="besides the bills' own")
    parser.add_argument("--requisitions", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--last-day",
        type=date.fromisoformat,
        help="documents of the year before it, with seasons",
    )
    parser.add_argument("--latency-ms", type=float, default=0)
    parser.add_argument("--page-size-cap", type=int, default=100)
    parser.add_argument("--token-lifetime", type=float, default=86400, help="seconds")
    parser.add_argument("--client-id", default=DEMO_ID)
    parser.add_argument("--client-secret", default=DEMO_SECRET)
    parser.add_argument("--verbose", action="store_true", help="log each request")
    parser.add_argument("--books", action="store_true", help="print the books, stop")
    return parser.parse_args()


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Print one line of JSON when ready, serve until SIGTERM or Ctrl-C."""
    arguments = _arguments()
    if arguments.books:
        print(json.dumps(books(), indent=1, ensure_ascii=False))
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    year = {"last_day": arguments.last_day, "seasonal": True}
    simulator = Simulator(
        dataset=Dataset(
            arguments.bills,
            arguments.seed,
            orders=arguments.orders,
            requisitions=arguments.requisitions,
            **(year if arguments.last_day else {}),
        ),
        latency_s=arguments.latency_ms / 1000,
        page_size_cap=arguments.page_size_cap,
        token_lifetime_s=arguments.token_lifetime,
        port=arguments.port,
        client_id=arguments.client_id,
        client_secret=arguments.client_secret,
        log=_log if arguments.verbose else None,
    )
    with simulator:
        ready = {
            "base_url": simulator.base_url,
            "client_id": simulator.client_id,
            "client_secret": simulator.client_secret,
        }
        print(json.dumps(ready), flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
