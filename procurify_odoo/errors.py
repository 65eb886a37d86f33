"""What can go wrong with a remote Odoo, named after what the caller does about it.

No message ever holds the API key or a whole request.
"""

from __future__ import annotations

from dataclasses import dataclass


class RemoteError(Exception):
    """The root of every error that this package raises on purpose.

    :param message: one English sentence, or the words of the remote Odoo; "": ``SAYS``
    :param http_status: status code of the answer, if there was one
    :param remote_name: what the remote calls the error, e.g.
        ``odoo.exceptions.AccessError``; "" if it does not say
    """

    SAYS = ""
    """What the class itself says, as a sentence."""

    def __init__(
        self,
        message: str = "",
        *,
        http_status: int | None = None,
        remote_name: str = "",
    ) -> None:
        self.message = message or self.SAYS
        super().__init__(self.message)
        self.http_status = http_status
        self.remote_name = remote_name

    @property
    def detail(self) -> str:
        """The message, as far as it says more than the class; "" otherwise."""
        return "" if self.message == self.SAYS else self.message


# === A PERSON CORRECTS THE SETTINGS === #


class WrongAddress(RemoteError):
    """There is no Odoo at this address."""

    SAYS = "There is no Odoo at this address"


class PrivateAddress(WrongAddress):
    """The host is inside: on this machine, in a private network, or reserved.

    :param can_be_allowed: whether it is of a private network that may be allowed
    """

    def __init__(self, message: str, *, host: str, can_be_allowed: bool) -> None:
        super().__init__(message)
        self.host = host
        self.can_be_allowed = can_be_allowed


class WrongDatabase(RemoteError):
    """The server has no database with this name."""

    SAYS = "The server has no such database"


class UnsupportedVersion(RemoteError):
    """The remote Odoo is older than any that is served."""


class KeyRefused(RemoteError):
    """Login and API key are refused: wrong, expired, or of an archived user."""

    SAYS = "The server refuses the login or the API key"


class Denied(RemoteError):
    """The API user lacks a right. The remote's words name the model and the groups."""


# === THE DOCUMENT IS PUT ON HOLD === #


class RefusedValues(RemoteError):
    """The remote's own rules refuse these values. Nothing was saved."""


@dataclass(frozen=True)
class RefusedRow:
    """One guilty row of a ``load``.

    :param row: its position, from 0; None: the remote does not say
    :param field: the column, or ""
    """

    row: int | None
    field: str
    message: str


class RowsRefused(RefusedValues):
    """``load`` refused some rows, and saved none of them."""

    def __init__(self, rows: tuple[RefusedRow, ...]) -> None:
        super().__init__("; ".join(dict.fromkeys(row.message for row in rows)))
        self.rows = rows


class Gone(RemoteError):
    """A record does not exist any more. Nothing was saved."""


class Incompatible(RemoteError):
    """The remote does not know this model, method, field or argument.

    Its version or its apps are not what the probe found: probe again.
    """


class OtherVersion(Incompatible):
    """The remote is of another version than the probe found.

    :param version: which it has now
    """

    def __init__(self, version: str) -> None:
        super().__init__(f"It is Odoo {version} by now")
        self.version = version


class RemoteFault(RemoteError):
    """The call failed in a way that no rule explains. Nothing was saved."""


# === THE SAME CALL IS SENT AGAIN LATER === #


class TryAgain(RemoteError):
    """Nothing was saved, and nothing is wrong: send the same call again later.

    :param retry_after_s: seconds that the server asked us to wait, if it said so
    """

    def __init__(
        self,
        message: str = "",
        *,
        retry_after_s: float | None = None,
        http_status: int | None = None,
        remote_name: str = "",
    ) -> None:
        super().__init__(message, http_status=http_status, remote_name=remote_name)
        self.retry_after_s = retry_after_s


class Conflict(TryAgain):
    """Another transaction of the remote changed the same rows."""


class Throttled(TryAgain):
    """The remote asks for fewer calls (429)."""

    SAYS = "The server asks for fewer calls"


class Unreachable(TryAgain):
    """The remote is down or cannot be reached, and this call changed nothing."""

    SAYS = "The server cannot be reached"


# === WHAT HAPPENED IS READ BACK FIRST === #


class UnknownOutcome(RemoteError):
    """The call was sent, and nobody knows whether it was carried out.

    The caller looks for what it sent before it sends anything again.
    """
