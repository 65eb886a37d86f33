"""A client of a remote Odoo, version 14 or later, in plain Python.

``RemoteOdoo`` calls it by JSON-2, ``/jsonrpc`` or XML-RPC; ``dialects`` says how the
versions differ; ``probe`` says what the API user lacks; the errors say what to do next.

Not built on odoorpc: it has no JSON-2, opens connections without our rules for
addresses and limits, and raises one error for every fault of the server.
"""

from .client import RemoteOdoo
from .dialects import Dialect, dialect_of
from .errors import (
    Conflict,
    Denied,
    Gone,
    Incompatible,
    KeyRefused,
    OtherVersion,
    PrivateAddress,
    RefusedRow,
    RefusedValues,
    RemoteError,
    RemoteFault,
    RowsRefused,
    Throttled,
    TryAgain,
    UnknownOutcome,
    Unreachable,
    UnsupportedVersion,
    WrongAddress,
    WrongDatabase,
)
from .probe import Findings, Missing, probe
from .versions import Version

__all__ = [
    "Conflict",
    "Denied",
    "Dialect",
    "Findings",
    "Gone",
    "Incompatible",
    "KeyRefused",
    "Missing",
    "OtherVersion",
    "PrivateAddress",
    "RefusedRow",
    "RefusedValues",
    "RemoteError",
    "RemoteFault",
    "RemoteOdoo",
    "RowsRefused",
    "Throttled",
    "TryAgain",
    "UnknownOutcome",
    "Unreachable",
    "UnsupportedVersion",
    "Version",
    "WrongAddress",
    "WrongDatabase",
    "dialect_of",
    "probe",
]
