"""What of an object says nothing about it: live figures, and addresses that run out.

Source: Procurify API reference (edition of March 2024) for the names. That addresses of
files are signed again in each answer is usual for storages, and not documented.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

REMOVED: Final = "?signature=removed"
"""Stands where an address had a signature: to get the file, ask for a new one.
"""

_LIVE_PREFIXES: Final = ("budget_used", "balance_")
_LIVE: Final = frozenset(
    (
        *("profile_image", "logo", "headquarter_logo"),
        *("balance", "last_reconciliation_balance"),
        *("requested_count", "applied_accounts_count", "pending_approvals_count"),
        *("department_count", "user_count", "periods_count"),
        *("overall_score", "past_due"),
    )
)
"""Figures that Procurify computes at each request, and pictures."""
_ADDRESSES: Final = frozenset(("file", "attachment", "image"))
"""Of these only the part before the query says which file it is."""

_MOST_PATHS: Final = 50
_SIGNING_WORDS: Final = (
    *("signature", "token", "credential", "hmac", "secret", "password"),
    *("accesskey", "access_key", "apikey", "api_key"),
)
_SIGNING_NAMES: Final = frozenset(("sig", "expires", "policy", "key-pair-id"))

# Whatever has to be escaped stands behind a backslash, so no step is tried twice.
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_QUERY = re.compile(r'\?[^\s"<>?]+')
_ESCAPED_MARK = re.compile(r"\\u003f", re.IGNORECASE)


@lru_cache(maxsize=4096)
def is_live(name: str) -> bool:
    """Return whether a field of this name says nothing about its object."""
    return name in _LIVE or name.startswith(_LIVE_PREFIXES)


def lasting(data: Any) -> Any:
    """Return JSON data without what differs in each answer.

    :raises RecursionError: nested too deeply
    """
    if isinstance(data, str):
        return without_signatures(data)
    if isinstance(data, list):
        return [lasting(value) for value in data]
    if not isinstance(data, dict):
        return data
    # Most values are numbers and short texts: a call for each would cost half of the
    # time that an object takes from the socket to the stage.
    return {
        name: _lasting_value(name, value)
        if isinstance(value, (dict, list)) or (isinstance(value, str) and "?" in value)
        else value
        for name, value in data.items()
        if not is_live(name)
    }


def moved_paths(before: Any, after: Any) -> list[str]:
    """Name where two versions differ, without the places in lists.

    What differs in each answer is not named.
    """
    return sorted(set(_moved(lasting(before), lasting(after), "")))[:_MOST_PATHS]


def _moved(before: Any, after: Any, path: str) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            inner = f"{path}.{name}" if path else str(name)
            yield from _moved(before.get(name), after.get(name), inner)
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield f"{path}[]"
        for one, other in zip(before, after, strict=False):
            yield from _moved(one, other, f"{path}[]")
    else:
        yield path


def without_signatures(text: str) -> str:
    """Return ``text``, each signed address in it without its query."""
    return _QUERY.sub(_unsigned, text) if "?" in text else text


def raw_without_signatures(raw: str) -> str:
    """Do the same with JSON text; all other characters stay as they were sent."""
    if "\\" not in raw:
        # Nothing is escaped: texts are what they look like.
        return without_signatures(raw)
    if "?" not in raw and not _ESCAPED_MARK.search(raw):
        return raw
    return _STRING.sub(_unsigned_string, raw)


def needs_fresh_address(address: str) -> bool:
    """Return whether ``address`` had a signature, without which nothing is there."""
    return address.endswith(REMOVED)


def _lasting_value(name: str, value: Any) -> Any:
    if name in _ADDRESSES and isinstance(value, str):
        return value.partition("?")[0]
    return lasting(value)


def _unsigned(query: re.Match[str]) -> str:
    return REMOVED if _is_signed(query[0][1:]) else query[0]


def _is_signed(query: str) -> bool:
    names = (part.partition("=")[0].lower() for part in re.split("[&;]", query))
    return any(
        name in _SIGNING_NAMES or any(word in name for word in _SIGNING_WORDS)
        for name in names
    )


def _unsigned_string(string: re.Match[str]) -> str:
    token = string[0]
    if "?" not in token and not _ESCAPED_MARK.search(token):
        return token
    try:
        text = json.loads(token, strict=False)
    except ValueError:
        return token
    stripped = without_signatures(text)
    return token if stripped == text else json.dumps(stripped)
