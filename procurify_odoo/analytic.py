"""Analytic accounts of lines, as each version keeps them.

An image says them as ``{"7,9": "60", "8,tag:3": "40"}``: shares in percent, by the ids
of the accounts of several plans. Odoo 14 and 15 keep one account for each line, and
tags beside it.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .sending import CannotSay, id_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .dialects import Dialect

PLACES, TAG_MODEL = "account.analytic.account", "account.analytic.tag"
#: Before the id of a tag, where a share names it: ``"7,tag:3"``.
TAG = "tag:"
_DISTRIBUTION = "analytic_distribution"


def named_places(keys: Iterable[str]) -> dict[str, set[int]]:
    """Return {model: ids} of what the keys of shares name."""
    found: dict[str, set[int]] = {PLACES: set(), TAG_MODEL: set()}
    for each in (part for key in keys for part in key.split(",")):
        model = TAG_MODEL if each.startswith(TAG) else PLACES
        found[model].add(int(each.removeprefix(TAG)))
    return found


def key_of(accounts: Iterable[int], tags: Iterable[int] = ()) -> str:
    """Return the key of a share, which names its accounts and tags in one order."""
    return ",".join(
        [*map(str, sorted(accounts)), *(f"{TAG}{tag}" for tag in sorted(tags))]
    )


def is_one_place(shares: Mapping[str, str]) -> bool:
    """Return whether one account and some tags say all of it."""
    is_whole = all(Decimal(share) == 100 for share in shares.values())
    return is_whole and len(named_places(shares)[PLACES]) < 2


def written_places(
    shares: Mapping[str, str], dialect: Dialect, names: Sequence[str]
) -> dict[str, Any]:
    """Return {field: value} of a line.

    :param names: of the fields that the dialect has for this kind of line
    :raises CannotSay: this version cannot say them
    """
    if _DISTRIBUTION in names:
        return {_DISTRIBUTION: shares_there(shares, dialect, names) or False}
    if not is_one_place(shares):
        raise CannotSay("one analytic account for each line, and no share of it")
    places, [account, tags] = named_places(shares), names
    return {
        account: next(iter(places[PLACES]), False),
        tags: sorted(places[TAG_MODEL]),
    }


def read_places(line: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the shares of a line that was read: {key: percentage}.

    :param names: of the fields that the dialect has for this kind of line
    """
    if _DISTRIBUTION in names:
        said = line[_DISTRIBUTION] or {}
        return {key_of(map(int, key.split(","))): said[key] for key in said}
    account, tags = (line[name] for name in names)
    key = key_of([id_of(account)] if account else [], tags)
    return {key: Decimal(100)} if key else {}


def shares_there(
    shares: Mapping[str, Any], dialect: Dialect, names: Sequence[str]
) -> dict[str, Decimal]:
    """Return shares as this version keeps them, with each key in one order.

    :param names: of the fields that the dialect has for this kind of line
    """
    if _DISTRIBUTION not in names:
        places = named_places(shares)
        key = key_of(places[PLACES], places[TAG_MODEL])
        return {key: Decimal(100)} if key else {}
    found: dict[str, Decimal] = defaultdict(Decimal)
    for key, share in shares.items():
        accounts = named_places([key])[PLACES]
        each = [key_of(accounts)] if dialect.joins_plans else map(str, accounts)
        for name in each:
            found[name] += Decimal(str(share))
    return dict(found)
