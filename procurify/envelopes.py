"""A body of JSON → objects, each with the very text that the server sent for it.

Source: Procurify API reference (edition of March 2024), all list operations:
``{"metadata": {"pagination": {…}}, "data": […]}``. Some operations put ``pagination``
at the top, and "List locations" is documented with the envelope inside itself. The same
for the names of what says nothing about an object: live figures. That addresses of
files are signed again in each answer is usual for storages, and not documented.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from json.decoder import JSONDecodeError
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar, cast

from .errors import InvalidPayload, ProtocolError
from .payloads import clean_text, shown_text
from .payloads.values import MAX_KEY_LENGTH, instants

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .answers import Answer
    from .resources import Payload, Resource

T = TypeVar("T", bound="Payload")


@dataclass(frozen=True)
class RemoteObject:
    """One object as Procurify has it.

    :param raw: the text of the object, digit for digit and space for space as sent,
        but for the signatures of addresses
    :param data: as it was sent, parsed; numbers with a point or exponent are Decimal
    :param external_id: the value of the resource's key field, as text
    :param modified: aware UTC stamp of the last change, if the object carries one
    :param digest: SHA-256 of the content; order of fields, white space and what differs
        in each answer do not count
    """

    raw: str = field(repr=False)
    data: dict[str, Any] = field(repr=False, compare=False)
    external_id: str
    modified: datetime | None
    digest: str

    def read_as(self, kind: type[T]) -> T:
        """Return ``data`` as a payload of this kind, which is read once.

        :raises InvalidPayload: money, identity or coding is missing or cannot be read
        """
        if kind not in self._payloads:
            self._payloads[kind] = kind.from_json(self.data)
        return cast("T", self._payloads[kind])

    @cached_property
    def _payloads(self) -> dict[type[Any], Any]:
        return {}


@dataclass(frozen=True)
class UnreadableObject:
    """An object of which no sense can be made, while others are well.

    :param external_id: "" where not even that can be read
    :param reason: one English sentence
    :param digest: SHA-256 of its text, or "" where no text came
    """

    external_id: str
    reason: str
    digest: str = ""


@dataclass(frozen=True)
class Listing:
    """One answer of a list operation: its objects and what it says about pages.

    :param unreadable: rows that are no object with a key, or whose text is no value
    """

    objects: tuple[RemoteObject, ...]
    pagination: dict[str, Any]
    unreadable: tuple[UnreadableObject, ...] = ()


def read_listing(answer: Answer, resource: Resource) -> Listing:
    """Read a page of a list, in any of the envelopes.

    A row that cannot be read stands aside, and the others are read. Where a detail is
    read for each row, its key is enough.

    :raises MalformedBody: no JSON
    :raises ProtocolError: JSON, but not a list, or none of many rows can be read
    """
    envelope = _open(answer)
    try:
        rows = _unfold(envelope, resource.key) if envelope else None
    except TooManyRows:
        raise _too_many_rows(answer) from None
    if envelope is None or rows is None:
        raise answer.protocol_error("Procurify's answer is not a list")
    stamps = _stamps([data for _raw, data in rows], resource)
    read = [
        _row(raw, data, stamp, resource)
        for (raw, data), stamp in zip(rows, stamps, strict=True)
    ]
    found = tuple(row for row in read if isinstance(row, RemoteObject))
    unreadable = tuple(row for row in read if isinstance(row, UnreadableObject))
    if len(unreadable) > MOST_UNREADABLE and not found:
        raise answer.protocol_error("Procurify's list has an object without a key")
    return Listing(found, envelope.pagination, unreadable)


def read_detail(answer: Answer, resource: Resource) -> RemoteObject:
    """Read a single object out of its envelope.

    :raises MalformedBody: no JSON
    :raises ProtocolError: JSON, but no object with a key that can be read
    """
    envelope = _open(answer)
    single = envelope.single if envelope else None
    if single and isinstance(single[1], _Spoiled):
        raise answer.protocol_error(f"Procurify's answer cannot be read: {single[1]}")
    remote = _read_alone(*single, resource) if single else None
    if remote is None:
        raise answer.protocol_error("Procurify's answer is not an object with a key")
    return remote


def _row(
    raw: str, data: Any, stamp: datetime | None, resource: Resource
) -> RemoteObject | UnreadableObject:
    """Read a row of a list."""
    if remote := _remote_object(raw, data, stamp, resource):
        return remote
    legible = _read_alone(*_legible(raw), resource)
    if legible and resource.detail_path:
        return legible
    digest = hashlib.sha256(raw.encode("utf-8", "replace")).hexdigest()
    if legible:
        reason = data if isinstance(data, _Spoiled) else _TOO_DEEP
        return UnreadableObject(legible.external_id, str(reason), digest)
    shown = shown_text(clean_text(raw[:_SHOWN]))
    return UnreadableObject("", f"a row without an ID: {shown}", digest)


def _legible(raw: str) -> tuple[str, dict[str, Any]]:
    """Return of an object what can be read of it: as text, and parsed."""
    scanner, texts = _Scanner(raw), []
    legible: dict[str, Any] = {}
    with suppress(ValueError):  # what stands behind a fault is not read
        for name in scanner.members():
            text, value = scanner.any_value()
            if not isinstance(value, _Spoiled) and _has_digest(value):
                legible[name] = value
                texts.append(f"{json.dumps(name)}: {text}")
    return f"{{{', '.join(texts)}}}", legible


def _has_digest(value: object) -> bool:
    """Return whether a value is nested no deeper than can be hashed in an object."""
    try:
        content_digest([value])
    except RecursionError:
        return False
    return True


def read_stored(raw: str, resource: Resource) -> RemoteObject | None:
    """Read the text of one object, as :attr:`RemoteObject.raw` kept it.

    :returns: None where it is no object with a key
    """
    try:
        text, data = _Scanner(raw).value()
    except (ValueError, RecursionError):
        return None
    return _read_alone(text, data, resource)


def read_json(text: str | None) -> Any:
    """Read JSON text that was kept: every number with a point is a Decimal.

    :raises InvalidPayload: nested too deeply, no JSON, or nothing
    """
    try:
        return _DECODER.decode(text or "")
    except (ValueError, RecursionError):
        error = InvalidPayload("(object)", "not readable")
    raise error


def _read_alone(raw: str, data: Any, resource: Resource) -> RemoteObject | None:
    """Read an object that is no row among others; None: it has no key."""
    [stamp] = _stamps([data], resource)
    return _remote_object(raw, data, stamp, resource)


def _remote_object(
    raw: str, data: Any, stamp: datetime | None, resource: Resource
) -> RemoteObject | None:
    """Make an object of its text and data; None: it has no key.

    :param stamp: of its last change
    """
    key = data.get(resource.key) if isinstance(data, dict) else None
    if not _is_key(key):
        return None
    try:
        digest = content_digest(data)
    except RecursionError:  # nested more deeply than any object of Procurify
        return None
    return RemoteObject(
        raw=raw_without_signatures(raw),
        data=data,
        external_id=str(key),
        modified=stamp,
        digest=digest,
    )


def _is_key(value: object) -> bool:
    """Return whether an object can be kept, and asked for, under this key."""
    if isinstance(value, int):
        return not isinstance(value, bool) and len(str(value)) <= MAX_KEY_LENGTH
    if not isinstance(value, str):
        return False
    return 0 < len(value) <= MAX_KEY_LENGTH and clean_text(value) == value


def _stamps(objects: list[Any], resource: Resource) -> list[datetime | None]:
    """Read when each was changed last; an unreadable stamp is the payload's problem,
    not the page's."""
    name = resource.modified_field or ""
    return instants([o.get(name) if isinstance(o, dict) else None for o in objects])


def content_digest(data: object) -> str:
    """Hash JSON data by its content; a number counts by its digits as written.

    What differs in each answer does not count.
    """
    canonical = json.dumps(
        lasting(data),
        sort_keys=True,
        separators=(",", ":"),
        default=lambda number: f"\0{number}",
    )
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


# === WHAT DIFFERS IN EACH ANSWER === #

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


# === ENVELOPES === #


@dataclass
class _Envelope:
    """An opened envelope: ``rows`` if data is a list, ``single`` if it is one value."""

    rows: list[tuple[str, Any]] | None = None
    single: tuple[str, Any] | None = None
    others: dict[str, Any] = field(default_factory=dict)

    @property
    def pagination(self) -> dict[str, Any]:
        for place in (self.others.get("metadata"), self.others):
            found = place.get("pagination") if isinstance(place, dict) else None
            if isinstance(found, dict):
                return found
        return {}


def _open(answer: Answer) -> _Envelope | None:
    """Open the outer envelope; None if the body is JSON but no object.

    :raises MalformedBody: no JSON
    :raises ProtocolError: a page with too many rows
    """
    text = answer.text()
    error: ProtocolError
    try:
        return _read_envelope(_Scanner(text))
    except TooManyRows:
        error = _too_many_rows(answer)
    except (ValueError, RecursionError):
        error = answer.malformed()
    raise error


def _too_many_rows(answer: Answer) -> ProtocolError:
    return answer.protocol_error(f"A page has more than {MAX_ROWS} rows")


def _read_envelope(scanner: _Scanner) -> _Envelope | None:
    if not scanner.next_is("{"):
        scanner.value()
        scanner.end()
        return None
    envelope = _Envelope()
    for name in scanner.members():
        if name != "data":
            envelope.others[name] = scanner.value()[1]
        elif scanner.next_is("["):
            envelope.rows = [scanner.any_value() for _ in scanner.elements(MAX_ROWS)]
        else:
            envelope.single = scanner.any_value()
    scanner.end()
    return envelope


def _unfold(envelope: _Envelope, key: str) -> list[tuple[str, Any]] | None:
    """Give the rows, taking them out of envelopes that stand where rows should."""
    if envelope.rows is None:
        return None
    rows = []
    for raw, data in envelope.rows:
        is_envelope = isinstance(data, dict) and key not in data and "data" in data
        inner = _read_envelope(_Scanner(raw)) if is_envelope else None
        if inner is None or inner.rows is None:
            rows.append((raw, data))
        else:
            rows += inner.rows
            envelope.others.setdefault("pagination", inner.pagination)
    return rows


def _number(text: str) -> Decimal:
    """Read a number with a point or exponent; one that no Decimal can hold is NaN."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


MAX_ROWS: Final = 5_000
"""Of one page: ten times as many as are ever asked for."""
MOST_UNREADABLE: Final = 3
"""Rows of a page: more, and not one that can be read, is no list of such objects."""
_TOO_DEEP: Final = "it is nested too deeply"
_SHOWN: Final = 60
"""Characters of a row that nobody can name."""

_TOKEN = re.compile(r'\s*([{}\[\],:"]|[^\s{}\[\],:"]+)')
_QUOTE_OR_ESCAPE = re.compile(r'["\\]')
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=Decimal)


class TooManyRows(ValueError):
    """A list that is longer than any page."""


class _Spoiled(str):
    """Stands for a value of which no sense can be made; says why."""

    __slots__ = ()


class _Scanner:
    """Walks through JSON text and gives each value with the text it was read from.

    The values of :meth:`members` and :meth:`elements` must be taken one by one, before
    the next step of the loop. Anything that is no JSON raises ValueError.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def next_is(self, character: str) -> bool:
        """Say whether the next character, after white space, is this one."""
        space = _SPACE.match(self._text, self._position)
        if space:
            self._position = space.end()
        return self._text.startswith(character, self._position)

    def value(self) -> tuple[str, Any]:
        """Take the next value: its text and what it means."""
        self.next_is("")
        start = self._position
        value, self._position = _DECODER.raw_decode(self._text, start)
        return self._text[start : self._position], value

    def any_value(self) -> tuple[str, Any]:
        """Take the next value, also one that cannot be read: that is ``_Spoiled``.

        :raises ValueError: its end is not known
        """
        self.next_is("")
        start = self._position
        try:
            return self.value()
        except RecursionError:
            reason = _TOO_DEEP
        except JSONDecodeError:
            reason = "it is no valid JSON"
        except ValueError:  # Python reads no number of more than 4300 digits
            reason = "a number has too many digits"
        self._position = start
        self._skip()
        return self._text[start : self._position], _Spoiled(reason)

    def _skip(self) -> None:
        """Go behind the next value without reading it."""
        depth = 0
        while True:
            token = _TOKEN.match(self._text, self._position)
            if not token or (not depth and token[1] in "}],:"):
                self._fail("a value")
            self._position = token.end()
            if token[1] == '"':
                self._skip_text()
            depth += (token[1] in "{[") - (token[1] in "}]")
            if not depth:
                return

    def _skip_text(self) -> None:
        """Go behind the end of the text that has begun."""
        # Not by one expression: it would remember each escape until the end.
        while found := _QUOTE_OR_ESCAPE.search(self._text, self._position):
            self._position = found.end()
            if found[0] == '"':
                return
            self._position += 1
        self._fail("the end of a text")

    def members(self) -> Iterator[str]:
        """Yield the names of an object, each time standing before the value."""
        for _ in self._parts("{", "}"):
            _, name = self.value()
            if not isinstance(name, str):
                self._fail("the name of a member")
            self._take(":")
            yield name

    def elements(self, most: int) -> Iterator[None]:
        """Yield once per element of an array, each time standing before it.

        :raises TooManyRows: it has more than ``most``
        """
        for number, _ in enumerate(self._parts("[", "]")):
            if number == most:
                raise TooManyRows
            yield

    def end(self) -> None:
        """Make sure that nothing follows."""
        self.next_is("")
        if self._position < len(self._text):
            self._fail("the end")

    def _parts(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if not self.next_is(closing):
            yield
            while not self.next_is(closing):
                self._take(",")
                yield
        self._take(closing)

    def _take(self, character: str) -> None:
        if not self.next_is(character):
            self._fail(character)
        self._position += 1

    def _fail(self, expected: str) -> NoReturn:
        raise JSONDecodeError(f"Expecting {expected}", self._text, self._position)
