"""What is said to the server in the recorded conversations.

``record.py`` runs each of them against the simulator, ``test_cassettes.py`` against
what was recorded.
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vcr  # type: ignore[import-untyped]

from .. import RESOURCES

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import Client, Page

CASSETTES = Path(__file__).with_name("cassettes")
BASE_URL = "https://acme.procurify.example"
PAGE_SIZE = 3
SINCE = datetime(2026, 4, 1, tzinfo=timezone.utc)


def sign_in(client: Client) -> Any:
    """Fetch a token."""
    return client.authenticate()


def vendors(client: Client) -> list[Page]:
    """Read all vendors, page by page."""
    return list(client.pages(RESOURCES["vendor"]))


def small_lists(client: Client) -> dict[str, list[Page]]:
    """Read the lists that fit on a page or two."""
    names = ("currency", "account_code", "location", "department")
    return {name: list(client.pages(RESOURCES[name])) for name in names}


def changed_bills(client: Client) -> tuple[list[Page], list[Any]]:
    """Read the bills that changed lately, newest first, and one that is not there."""
    bills = RESOURCES["bill"]
    pages = list(client.pages(bills, since=SINCE, newest_first=True))
    ids = [remote.external_id for page in pages for remote in page.objects]
    return pages, client.details(bills, [*ids, "999999"])


def count(client: Client) -> int:
    """Ask how many vendors there are."""
    return client.count(RESOURCES["vendor"])


CONVERSATIONS: dict[str, tuple[Callable[[Client], Any], int]] = {
    "sign_in": (sign_in, PAGE_SIZE),
    "wrong_secret": (sign_in, PAGE_SIZE),
    "vendors": (vendors, 20),
    "small_lists": (small_lists, 50),
    "changed_bills": (changed_bills, PAGE_SIZE),
    "expired_token": (count, PAGE_SIZE),
    "busy_server": (count, PAGE_SIZE),
}
"""Name of the cassette: the conversation and its page size."""


def recorder(**options: Any) -> vcr.VCR:
    """Configure vcrpy the same way for recording and for replaying."""
    return vcr.VCR(
        cassette_library_dir=str(CASSETTES),
        path_transformer=vcr.VCR.ensure_suffix(".yaml"),
        match_on=["method", "scheme", "host", "port", "path", "query"],
        **options,
    )
