"""JSON values → Python values, with the path of what is wrong.

Source: Procurify API reference (edition of March 2024): decimals arrive as text or as
JSON numbers, dates as ``YYYY-MM-DD`` or as date-times in the tenant's own offset.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from ..errors import InvalidPayload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from typing_extensions import dataclass_transform

Stated = int | str | None
"""A state or kind: documented ones are numbers, others are what Procurify sent."""

S = TypeVar("S")
T = TypeVar("T")
Read = TypeVar("Read", bound="Payload")
Found = TypeVar("Found", covariant=True)
Method = TypeVar("Method", bound="Callable[..., object]")

MAX_DECIMAL_MAGNITUDE = 30
"""Powers of ten, either way. No price needs more; 1E+999999999 would eat the memory."""
MAX_DECIMAL_DIGITS = 60
MAX_INTEGER = 2**63 - 1
MAX_STATE_LENGTH = 40
MAX_KEY_LENGTH = 200
MAX_ENTRIES = 2_000
"""Of a list within a document, such as its lines. Longer ones are made to exhaust."""
"""Characters. An index of PostgreSQL takes no more than some thousand bytes."""

_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,9})?", re.ASCII)
_STAMP = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<fraction>\d+))?"
    r"(?P<offset>[Zz]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")


def clean_text(value: str) -> str:
    """Drop what PostgreSQL or a screen cannot take: NUL, C0 controls, half surrogates.

    Newlines and tabs stay; the other two ways to end a line become newlines.
    """
    return _UNWANTED.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def shown_text(value: str) -> str:
    """Return text fit for a screen: half a surrogate pair is one that is not known."""
    return _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", value)


def normalise_uuid(text: str) -> str:
    """Bring the two spellings of a UUID to one: no dashes, lower case."""
    return text.replace("-", "").strip().lower()


def short_key(text: str) -> str:
    """Return ``text`` as a key: a very long one ends in a digest of the whole."""
    if len(text) <= MAX_KEY_LENGTH:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return f"{text[: MAX_KEY_LENGTH - len(digest) - 1]}#{digest}"


def to_decimal(value: object, path: str = "") -> Decimal | None:
    """Read an amount, a quantity or a rate; null and "" are None, negatives are legal.

    :raises InvalidPayload: not a number, not finite, or absurdly large
    """
    if value is None:
        return None
    if isinstance(value, bool):
        raise InvalidPayload(path, "true or false instead of a number")
    if isinstance(value, str):
        return _decimal_from_text(value.strip(), path)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, int):
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise InvalidPayload(path, "not a number")
    return _reasonable(value, path)


def _decimal_from_text(text: str, path: str) -> Decimal | None:
    if not text:
        return None
    if not _DECIMAL.fullmatch(text):
        raise InvalidPayload(path, "not a number")
    return _reasonable(Decimal(text), path)


def _reasonable(value: Decimal, path: str) -> Decimal:
    if not value.is_finite():
        raise InvalidPayload(path, "not a finite number")
    too_many_digits = len(value.as_tuple().digits) > MAX_DECIMAL_DIGITS
    if too_many_digits or abs(value.adjusted()) > MAX_DECIMAL_MAGNITUDE:
        raise InvalidPayload(path, "number out of range")
    return value


def calendar_date(value: object, path: str = "") -> date | None:
    """Read the calendar day as written, in the value's own offset; never the UTC day.

    :raises InvalidPayload: neither a date nor a date-time
    """
    match = _match_stamp(value, path)
    return None if match is None else _day(match, path)


def has_time_of_day(value: object, path: str = "") -> bool:
    """Return whether a date has another time than 00:00:00 of its own offset.

    The day as written may then be another one than was meant.

    :raises InvalidPayload: neither a date nor a date-time
    """
    match = _match_stamp(value, path)
    if match is None or not match["time"]:
        return False
    return bool((match["time"] + (match["fraction"] or "")).strip("0:"))


def day_in_zone(value: object, zone: tzinfo, path: str = "") -> date | None:
    """Read the calendar day that it was in ``zone``.

    What is written without a time, at midnight or without an offset is a plain day, and
    so is a moment for which the calendar has no day there.

    :raises InvalidPayload: neither a date nor a date-time
    """
    match = _match_stamp(value, path)
    if match is None:
        return None
    day = _day(match, path)
    if not has_time_of_day(value, path) or not match["offset"]:
        return day
    try:
        moment = instant(value, path)
        return moment.astimezone(zone).date() if moment else day
    except (InvalidPayload, OverflowError):
        return day


def instant(value: object, path: str = "") -> datetime | None:
    """Read a date-time with an offset as an aware UTC datetime.

    :raises InvalidPayload: no date-time, or one that does not say its offset
    """
    match = _match_stamp(value, path)
    if match is None:
        return None
    if not match["time"] or not match["offset"]:
        raise InvalidPayload(path, "a date-time without a time zone")
    time = match["time"] if len(match["time"]) > 5 else f"{match['time']}:00"
    fraction = (match["fraction"] or "")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{match['day']}T{time}.{fraction}")
        return moment.replace(tzinfo=_zone(match["offset"])).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        error = InvalidPayload(path, "not a date-time that exists")
    raise error


def instants(values: Iterable[object]) -> list[datetime | None]:
    """Read several date-times; one that cannot be read is None."""
    found: list[datetime | None] = []
    for value in values:
        try:
            found.append(instant(value))
        except InvalidPayload:
            found.append(None)
    return found


def _match_stamp(value: object, path: str) -> re.Match[str] | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InvalidPayload(path, "not a date")
    match = _STAMP.fullmatch(value.strip())
    if match is None:
        raise InvalidPayload(path, "not a date")
    return match


def _day(match: re.Match[str], path: str) -> date:
    try:
        return date.fromisoformat(match["day"])
    except ValueError:
        error = InvalidPayload(path, "not a date that exists")
    raise error


def _zone(offset: str) -> timezone:
    if offset in "Zz":
        return timezone.utc
    hours, minutes = int(offset[1:3]), int(offset[3:].lstrip(":") or 0)
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if offset[0] == "-" else span)


class Reader:
    """One JSON object and where it stands in the payload; reads fields by name.

    Strict: for money, identity and coding, without which a document may not be booked.
    What else a document says is read from :attr:`spare`.

    :param unread: where the paths are noted of what could not be read and is left
        empty; the readers of one payload share it
    """

    __slots__ = ("data", "path", "unread")

    def __init__(
        self, data: Mapping[str, Any], path: str = "", unread: list[str] | None = None
    ) -> None:
        if not isinstance(data, dict):
            raise InvalidPayload(path or "(object)", "not an object")
        self.data = data
        self.path = path
        self.unread: list[str] = [] if unread is None else unread

    @property
    def spare(self) -> SpareReader:
        """The same object, for fields that no document depends on."""
        return SpareReader(self.data, self.path, self.unread)

    def if_readable(self, read: Callable[[S], T], source: S) -> T | None:
        """Return what ``read`` makes of ``source``; None, and noted, if it cannot."""
        try:
            return read(source)
        except InvalidPayload as error:
            self.unread.append(error.path)
            return None

    def at(self, name: str) -> str:
        """Say the full path of the field ``name``."""
        return f"{self.path}.{name}" if self.path else name

    def _required(self, name: str) -> Any:
        value = self.data.get(name)
        if value is None:
            raise InvalidPayload(self.at(name), "missing")
        return value

    def text(self, name: str) -> str:
        """Read cleaned text without outer spaces; missing and null are ""."""
        value = self.data.get(name)
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise InvalidPayload(self.at(name), "not a text")
        return clean_text(value).strip()

    def required_text(self, name: str) -> str:
        """Read text that may be empty but must be there."""
        self._required(name)
        return self.text(name)

    def word(self, name: str) -> str:
        """Read text in small letters; missing and null are ""."""
        return self.text(name).lower()

    def iso_code(self, name: str) -> str:
        """Read free text in the form of an ISO code; missing and null are ""."""
        return self.text(name).upper()

    def uuid(self, name: str) -> str:
        """Read a UUID, or what stands for one, in one spelling; missing is ""."""
        found = normalise_uuid(self.text(name))
        if len(found) > MAX_KEY_LENGTH:
            raise InvalidPayload(self.at(name), "not a UUID")
        return found

    def required_uuid(self, name: str) -> str:
        """Read a UUID that may be empty but must be there."""
        self._required(name)
        return self.uuid(name)

    def integer(self, name: str) -> int:
        """Read an integer that must be there."""
        return self._integer(name, self._required(name))

    def optional_integer(self, name: str) -> int | None:
        """Read an integer or None."""
        value = self.data.get(name)
        return None if value in (None, "") else self._integer(name, value)

    def _integer(self, name: str, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            if abs(value) > MAX_INTEGER:
                raise InvalidPayload(self.at(name), "number out of range")
            return value
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
            return int(value)
        raise InvalidPayload(self.at(name), "not an integer")

    def stated(self, name: str) -> Stated:
        """Read a state or kind, of which there may be more than are documented.

        :returns: a number; what else was sent, as short text; None where nothing was
        """
        value = self.data.get(name)
        if value is None or value == "":
            return None
        try:
            return self._integer(name, value)
        except InvalidPayload:
            return clean_text(str(value)).strip()[:MAX_STATE_LENGTH] or repr(value)[:9]

    def decimal(self, name: str) -> Decimal | None:
        """Read an amount, a quantity or a rate, or None."""
        return to_decimal(self.data.get(name), self.at(name))

    def decimal_or_zero(self, name: str) -> Decimal:
        """Read an amount or a quantity; missing and null are 0."""
        return self.decimal(name) or Decimal(0)

    def required_decimal(self, name: str) -> Decimal:
        """Read a number that must be there."""
        value = self.decimal(name)
        if value is None:
            raise InvalidPayload(self.at(name), "missing")
        return value

    def is_true_or_unknown(self, name: str) -> bool | None:
        """Read true or false; missing and null are None."""
        return None if self.data.get(name) is None else self._boolean(name, False)

    def is_true(self, name: str) -> bool:
        """Read true or false; missing and null are false."""
        return self._boolean(name, False)

    def is_not_false(self, name: str) -> bool:
        """Read true or false; missing and null are true."""
        return self._boolean(name, True)

    def _boolean(self, name: str, missing: bool) -> bool:
        value = self.data.get(name)
        if value is None:
            return missing
        if not isinstance(value, bool):
            raise InvalidPayload(self.at(name), "neither true nor false")
        return value

    def day(self, name: str) -> date | None:
        """Read a calendar day as written."""
        return calendar_date(self.data.get(name), self.at(name))

    def instant(self, name: str) -> datetime | None:
        """Read an aware UTC datetime."""
        return instant(self.data.get(name), self.at(name))

    def child(self, name: str) -> Reader | None:
        """Read an embedded object; missing, null and {} are None."""
        value = self.data.get(name)
        if value is None or value == {}:
            return None
        return Reader(value, self.at(name), self.unread)

    def embedded(self, name: str) -> Reader | None:
        """Read an embedded object; where only its id stands, None."""
        value = self.data.get(name)
        is_id = isinstance(value, (int, str)) and not isinstance(value, bool)
        return None if is_id else self.child(name)

    def if_object(self, name: str) -> Reader | None:
        """Read an embedded object; None where something else stands."""
        value = self.data.get(name)
        if not isinstance(value, dict):
            return None
        return Reader(value, self.at(name), self.unread)

    def reference(self, name: str) -> int | None:
        """Read the id of an object, which is embedded or stands for itself."""
        embedded = self.embedded(name)
        if embedded:
            return embedded.integer("id")
        return None if self.data.get(name) == {} else self.optional_integer(name)

    def children(self, name: str, *, required: bool = False) -> Iterator[Reader]:
        """Read a list of objects, in order; missing and null are empty.

        :raises InvalidPayload: not a list of objects, too long, or required and missing
        """
        value = self._required(name) if required else self.data.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            raise InvalidPayload(self.at(name), "not a list")
        if len(value) > MAX_ENTRIES:
            raise InvalidPayload(self.at(name), f"more than {MAX_ENTRIES} entries")
        for index, item in enumerate(value):
            yield Reader(item, f"{self.at(name)}[{index}]", self.unread)


def _or_empty(read: Method, empty: object) -> Method:
    """Return a method that reads as ``read`` does, or notes the path."""

    @wraps(read)
    def read_spare(source: Reader, name: str) -> object:
        try:
            return read(source, name)
        except InvalidPayload as error:
            source.unread.append(error.path)
            return empty

    return cast("Method", read_spare)


class SpareReader(Reader):
    """Reads what no document depends on: a value that cannot be read is left empty.

    Its path is noted in ``unread``.
    """

    __slots__ = ()

    text = _or_empty(Reader.text, "")
    optional_integer = _or_empty(Reader.optional_integer, None)
    decimal = _or_empty(Reader.decimal, None)
    day = _or_empty(Reader.day, None)
    instant = _or_empty(Reader.instant, None)
    child = _or_empty(Reader.child, None)
    reference = _or_empty(Reader.reference, None)
    is_true = _or_empty(Reader.is_true, False)
    is_true_or_unknown = _or_empty(Reader.is_true_or_unknown, False)
    iso_code = _or_empty(Reader.iso_code, "")
    is_not_false = _or_empty(Reader.is_not_false, True)

    def children(self, name: str, *, required: bool = False) -> Iterator[Reader]:
        """Read those entries of a list that are objects."""
        value = self.data.get(name)
        is_list = isinstance(value, list) and len(value) <= MAX_ENTRIES
        if value is not None and not is_list:
            self.unread.append(self.at(name))
            return
        for index, item in enumerate(value or ()):
            path = f"{self.at(name)}[{index}]"
            if isinstance(item, dict):
                yield Reader(item, path, self.unread)
            else:
                self.unread.append(path)


def full_name(user: Reader | None) -> str:
    """Name a user: first and last name, else the address, else ""."""
    if user is None:
        return ""
    user = user.spare
    name = f"{user.text('firstName')} {user.text('lastName')}".strip()
    return name or user.text("email")


# === DECLARED PAYLOADS === #


def strict(read: Callable[[Any, str], T], name: str = "") -> T:
    """Declare a field without which a document may not be booked.

    :param read: method of :class:`Reader`, or a function like it
    :param name: in JSON, where it is not that of the attribute
    """
    return _declared(lambda source, _spare, own, _found: read(source, name or own))


def spare(read: Callable[[Any, str], T], name: str = "") -> T:
    """Declare a field that no document depends on: empty where it cannot be read."""
    read = getattr(SpareReader, getattr(read, "__name__", ""), read)
    return _declared(lambda _source, lenient, own, _found: read(lenient, name or own))


def computed(read: Callable[[Reader], T]) -> T:
    """Declare a field that is made of several fields of the JSON."""
    return _declared(lambda source, _spare, _own, _found: read(source))


def derived(read: Callable[[Reader, dict[str, Any]], T]) -> T:
    """Declare a field that needs the values of fields declared before it."""
    return _declared(lambda source, _spare, _own, found: read(source, found))


def as_sent() -> Mapping[str, Any]:
    """Declare the field that keeps the whole JSON object."""
    return _declared(
        lambda source, _spare, _own, _found: source.data, repr=False, compare=False
    )


def _declared(
    read: Callable[[Reader, SpareReader, str, dict[str, Any]], T], **options: Any
) -> T:
    return cast("T", field(metadata={"read": read}, **options))


if not TYPE_CHECKING:

    def dataclass_transform(**_options):
        """Stand in for what only type checkers need."""
        return lambda function: function


@dataclass_transform(
    frozen_default=True, field_specifiers=(strict, spare, computed, derived, as_sent)
)
def payload(cls: type[T]) -> type[T]:
    """Make a frozen dataclass of a class whose fields say how they are read."""
    return dataclass(frozen=True, slots=True)(cls)


@cache
def _fields(cls: type[Any]) -> tuple[tuple[str, Callable[..., Any]], ...]:
    return tuple((each.name, each.metadata["read"]) for each in fields(cls))


class Payload:
    """What is read from one JSON object."""

    __slots__ = ()

    @classmethod
    def from_json(cls: type[Read], data: Mapping[str, Any]) -> Read:
        """Read an object of a list, of a detail, or of a document.

        :raises InvalidPayload: money, identity or coding is missing or cannot be read
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls: type[Read], source: Reader) -> Read:
        """Read the object where it stands in a larger payload.

        :raises InvalidPayload: as :meth:`from_json`
        """
        found: dict[str, Any] = {}
        lenient = source.spare
        for name, read in _fields(cls):  # type: ignore[arg-type]
            found[name] = read(source, lenient, name, found)
        return cls(**found)


def child(kind: type[Read]) -> Callable[[Reader, str], Read | None]:
    """Return what reads an embedded ``kind``; missing, null and {} are None."""

    def read_child(source: Reader, name: str) -> Read | None:
        place = source.child(name)
        return kind.read(place) if place else None

    return read_child


def embedded(kind: type[Read]) -> Callable[[Reader, str], Read | None]:
    """Return what reads an embedded ``kind``; None where only its id stands."""

    def read_embedded(source: Reader, name: str) -> Read | None:
        place = source.embedded(name)
        return kind.read(place) if place else None

    return read_embedded


def spared(read: Callable[[Any, str], T]) -> Callable[[Reader, str], T]:
    """Return what reads as ``read`` does, and is empty where that cannot.

    :param read: method of :class:`Reader`
    """
    read_spare = getattr(SpareReader, read.__name__)
    return lambda source, name: cast("T", read_spare(source.spare, name))


def inside(
    outer: str,
    read: Callable[[Any, str], T],
    name: str,
    missing: T,
    opened: Callable[[Reader, str], Reader | None] = Reader.embedded,
) -> Callable[[Reader, str], T]:
    """Return what reads the field ``name`` of the object ``outer``.

    :param missing: what it is where there is no such object
    :param opened: how the object is read; by default, its id may stand for it
    """

    def read_inside(source: Reader, _name: str) -> T:
        place = opened(source, outer)
        return read(place, name) if place else missing

    return read_inside


def first_of(
    *reads: Callable[[Reader, str], T | None],
) -> Callable[[Reader, str], T | None]:
    """Return what reads the first of these that is there."""

    def read_first(source: Reader, name: str) -> T | None:
        found = (read(source, name) for read in reads)
        return next((each for each in found if each is not None), None)

    return read_first


def if_readable(
    kind: type[Read],
    opened: Callable[[Reader, str], Reader | None] = Reader.embedded,
) -> Callable[[Reader, str], Read | None]:
    """Return what reads an embedded ``kind``; None, and noted, if it cannot.

    :param opened: how the object is read; by default, its id may stand for it
    """

    def read_if_readable(source: Reader, name: str) -> Read | None:
        place = opened(source, name)
        return place.if_readable(kind.read, place) if place else None

    return read_if_readable


def each_of(
    outer: str, read: Callable[[Any, str], T | None], name: str
) -> Callable[[Reader, str], tuple[T, ...]]:
    """Return what reads a field of each object in the list ``outer`` that has it."""

    def read_each(source: Reader, _name: str) -> tuple[T, ...]:
        found = (read(place, name) for place in source.children(outer))
        return tuple(value for value in found if value is not None)

    return read_each


def spelled(
    read: Callable[[Any, str], Stated], words: Mapping[Stated, Stated]
) -> Callable[[Reader, str], Stated]:
    """Return what reads a kind for which there are words, too, in any case.

    :param words: {word in small letters: what it stands for}
    """

    def read_spelled(source: Reader, name: str) -> Stated:
        stated = read(source, name)
        word = stated.lower() if isinstance(stated, str) else stated
        return words.get(word, stated)

    return read_spelled


def children(
    kind: type[Read], *, required: bool = False
) -> Callable[[Reader, str], tuple[Read, ...]]:
    """Return what reads a list of ``kind``, in order."""

    def read_children(source: Reader, name: str) -> tuple[Read, ...]:
        return tuple(map(kind.read, source.children(name, required=required)))

    return read_children


class Readable(Protocol[Found]):
    """A class of payloads."""

    def read(self, source: Reader, /) -> Found: ...


def read_noting(
    kind: Readable[Found], data: Mapping[str, Any]
) -> tuple[Found, tuple[str, ...]]:
    """Return the payload in ``data``, and the paths of what was left empty.

    :raises InvalidPayload: money, identity or coding cannot be read
    """
    source = Reader(data)
    found = kind.read(source)
    return found, tuple(dict.fromkeys(source.unread))
