"""Numbers on the wire: exact decimals here, JSON's and XML-RPC's numbers there.

Both sides write a double with the fewest digits that mean it, so an amount of up to
fifteen digits arrives as it was.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def sendable(value: Any) -> Any:
    """Return ``value`` with floats instead of decimals, and lists instead of tuples."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: sendable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [sendable(each) for each in value]
    return value


def exact(value: Any) -> Any:
    """Return ``value`` with decimals instead of floats."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {key: exact(each) for key, each in value.items()}
    if isinstance(value, list):
        return [exact(each) for each in value]
    return value


def to_json(value: Any) -> bytes:
    """Write a request's body."""
    return json.dumps(sendable(value), allow_nan=False).encode()


def from_json(body: bytes) -> Any:
    """Read an answer's body, numbers with a point as decimals.

    :raises ValueError: it is no JSON
    """
    try:
        return json.loads(body.decode(), parse_float=Decimal)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def cell(value: Any) -> str:
    """Return ``value`` as ``load`` reads it: every cell is a text."""
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
