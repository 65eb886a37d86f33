"""Documents damaged in every way that JSON allows, as hypothesis strategies.

A damaged document is text, because some damage is lost in Python: a name twice, a
number of four hundred digits, half a surrogate.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator


class Literal(str):
    """JSON text, to be put into a document as it is."""

    __slots__ = ()


class Twice(tuple):  # type: ignore[type-arg]
    """Two values for one name of an object."""

    __slots__ = ()


DEPTH = 3000
NUMBERS = (
    *("0", "-0", "-0.0", "-1", "1e400", "1e-400", "1E+999999999999999999999"),
    *("NaN", "Infinity", "-Infinity", "1e30", "-1e30", "0.005", "0." + "1" * 40),
    *(str(2**31), str(2**63), str(-(2**63) - 1), str(2**64), "9" * 400),
)
TEXTS = (
    *("", " ", "x", "1", " 7 ", "1e3", "12,50", "NaN", "null", "true", "\0", "\x1b[0m"),
    *("\ud800", "a\udfffb", "\u202eabc", "\U0001f600" * 300, "é" * 5000),
    *("../../oauth/token", "a/b?c=d#e", "%00", "<b>x</b>", "'; --", "{}", "%(x)s"),
    *("0001-01-01", "9999-12-31", "2026-02-30", "2026-11-02T24:00:00Z"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
    *("2026-11-02T10:00:00+99:99", "2026-11-02T10:00:00", "2026-W45-1"),
    # No index of PostgreSQL takes a text that is long and cannot be compressed.
    "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(3000)),
)
_ODD: tuple[Any, ...] = (
    *(None, True, False, [], {}, [None], [[]], {"id": None}, {"id": "x"}),
    [[[[[["nested"]]]]]],
    Literal("[" * DEPTH + "]" * DEPTH),
    Literal('{"a":' * 200 + "1" + "}" * 200),
)

values = st.one_of(
    st.sampled_from(_ODD),
    st.sampled_from(NUMBERS).map(Literal),
    st.sampled_from(TEXTS),
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.decimals().map(str),
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (container, key) of everything inside ``value``."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from places(value[key])


@st.composite
def damaged(draw: st.DrawFn, document: dict[str, Any], most: int = 3) -> dict[str, Any]:
    """Return a copy of ``document`` with up to ``most`` damages, for :func:`dump`."""
    document = deepcopy(document)
    for _ in range(draw(st.integers(1, most))):
        found = list(places(document))
        if not found:
            break
        # Half of the damage strikes what stands outside: there are the keys.
        outside = [place for place in found if place[0] is document] or found
        container, key = draw(st.sampled_from(outside) | st.sampled_from(found))
        if isinstance(container, dict):
            _damage_member(draw, container, key)
        else:
            _damage_element(draw, container, key)
    return document


def _damage_member(draw: st.DrawFn, container: dict[str, Any], key: str) -> None:
    kind = draw(st.sampled_from(("set", "set", "set", "drop", "rename", "twice")))
    if kind == "set":
        container[key] = deepcopy(draw(values))
    elif kind == "twice":
        container[key] = Twice((container[key], deepcopy(draw(values))))
    else:
        value = container.pop(key)
        if kind == "rename":
            container[draw(st.sampled_from(("ID", "id ", f"{key}_x", "\0")))] = value


def _damage_element(draw: st.DrawFn, container: list[Any], key: int) -> None:
    kind = draw(st.sampled_from(("set", "drop", "twice")))
    if kind == "set":
        container[key] = deepcopy(draw(values))
    elif kind == "twice":
        container.append(deepcopy(container[key]))
    else:
        del container[key]


def dump(value: Any) -> str:
    """Write JSON, ASCII only: a half surrogate stays what it is."""
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, dict):
        members = (
            f"{json.dumps(name)}: {dump(each)}"
            for name, found in value.items()
            for each in (found if isinstance(found, Twice) else (found,))
        )
        return "{" + ", ".join(members) + "}"
    if isinstance(value, Twice):
        return dump(value[-1])
    if isinstance(value, list):
        return "[" + ", ".join(map(dump, value)) + "]"
    return json.dumps(value)
