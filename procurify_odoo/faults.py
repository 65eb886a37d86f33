"""What a fault of a remote Odoo means: one place turns it into an error.

The three protocols name faults differently: JSON-2 and ``/jsonrpc`` send the class of
the exception, XML-RPC a number and, for number 1, a traceback. All of them arrive here
as the name of a class and its message.
"""

from __future__ import annotations

import re

from .errors import (
    Conflict,
    Denied,
    Gone,
    Incompatible,
    KeyRefused,
    RefusedValues,
    RemoteError,
    RemoteFault,
    UnknownOutcome,
    Unreachable,
    WrongDatabase,
)

MOST_CHARS = 500

ACCESS_DENIED = "odoo.exceptions.AccessDenied"
ACCESS_ERROR = "odoo.exceptions.AccessError"
USER_ERROR = "odoo.exceptions.UserError"

_BY_NAME: dict[str, type[RemoteError]] = {
    ACCESS_DENIED: KeyRefused,
    "werkzeug.exceptions.Unauthorized": KeyRefused,
    ACCESS_ERROR: Denied,
    "odoo.exceptions.MissingError": Gone,
    USER_ERROR: RefusedValues,
    "odoo.exceptions.ValidationError": RefusedValues,
    "odoo.exceptions.RedirectWarning": RefusedValues,
    "odoo.exceptions.ConcurrencyError": Conflict,
    "psycopg2.errors.SerializationFailure": Conflict,
    "psycopg2.errors.DeadlockDetected": Conflict,
    "psycopg2.errors.LockNotAvailable": Conflict,
    "psycopg2.extensions.TransactionRollbackError": Conflict,
    "psycopg2.OperationalError": Unreachable,
    "psycopg2.InterfaceError": Unreachable,
    "psycopg2.pool.PoolError": Unreachable,
    "odoo.sql_db.PoolError": Unreachable,
    "werkzeug.exceptions.NotFound": Incompatible,
    "werkzeug.exceptions.UnprocessableEntity": Incompatible,
    "builtins.KeyError": Incompatible,
}
# One class for several meanings: the first pattern that fits wins.
_BY_WORDS: tuple[tuple[re.Pattern[str], type[RemoteError]], ...] = (
    # The call was carried out, and its result could not be written.
    (re.compile(r"cannot marshal |is not JSON serializable"), UnknownOutcome),
    (re.compile(r"\bFATAL: +database .* does not exist"), WrongDatabase),
    (re.compile(r"^Private methods "), Incompatible),
    (re.compile(r"^Object \S+ doesn't exist"), Incompatible),
    (re.compile(r"\(Record: \S+\(\d+,\), User: \d+\)$"), Gone),
    (re.compile(r"^Invalid field "), Incompatible),
    (re.compile(r"^type object '\S+' has no attribute "), Incompatible),
    (re.compile(r"^The method '\S+' does not exist"), Incompatible),
    (re.compile(r"\(\) (got an unexpected|missing \d+ required)"), Incompatible),
)
# The remote lost its database, perhaps while this was being saved.
_MAY_BE_SAVED = frozenset({"psycopg2.OperationalError", "psycopg2.InterfaceError"})
_LINE = re.compile(r"^((?:\w+\.)*[A-Z]\w*)(?:: (.*))?$")

_XML_NAMES = {2: USER_ERROR, 3: ACCESS_DENIED, 4: ACCESS_ERROR}


def error_of(
    name: str, message: str, *, changes: bool, http_status: int | None = None
) -> RemoteError:
    """Return the error for a fault, not yet raised.

    :param name: class of the remote's exception, with its module
    :param message: the remote's words
    :param changes: whether the call may have changed something
    """
    words = " ".join(message.split())[:MOST_CHARS]
    kind = next(
        (kind for pattern, kind in _BY_WORDS if pattern.search(words)),
        _BY_NAME.get(name, RemoteFault),
    )
    if kind is Unreachable and changes and name in _MAY_BE_SAVED:
        kind = UnknownOutcome
    return kind(words or name, http_status=http_status, remote_name=name)


def error_of_xml(code: int, text: str, *, changes: bool) -> RemoteError:
    """Return the error for a fault of XML-RPC, not yet raised.

    :param text: the message; for code 1 a traceback that ends with it
    """
    if code in _XML_NAMES:
        return error_of(_XML_NAMES[code], text, changes=changes)
    return error_of(*_end_of_traceback(text), changes=changes)


def _end_of_traceback(text: str) -> tuple[str, str]:
    """Return the class and the message of the exception that a traceback ends with.

    A message may have several lines, so the newest line with a class counts.
    """
    lines = text.strip().splitlines()
    found = [match for line in lines if (match := _LINE.match(line))]
    named = [match for match in found if _full_name(match[1]) in _BY_NAME]
    classes = [match for match in found if match[1].endswith("Error")]
    for match in reversed(named or classes):
        return _full_name(match[1]), match[2] or ""
    return "", lines[-1] if lines else ""


def _full_name(name: str) -> str:
    """Return the class as the other protocols write it: built-in ones with a module."""
    return name if "." in name else f"builtins.{name}"
