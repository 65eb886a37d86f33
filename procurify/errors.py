"""What can go wrong with Procurify, named after what the caller does about it.

A :class:`StreamError` stops the stream that is being read: nothing was lost, the
watermark stays where it is. A :class:`RecordError` concerns one object: put it aside
and go on with the next. No message ever holds a secret, a token or a whole payload.
"""

from __future__ import annotations

EXCERPT_CHARS = 500


class ProcurifyError(Exception):
    """The root of every error that this package raises on purpose.

    :param message: one English sentence
    :param url_path: path of the request, without host and query
    :param http_status: status code of the answer, if there was one
    :param request_id: the remote side's own identifier of the request, if it sent one
    """

    def __init__(
        self,
        message: str,
        *,
        url_path: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.url_path = url_path
        self.http_status = http_status
        self.request_id = request_id


class StreamError(ProcurifyError):
    """Stop reading this stream now; the next run starts where this one did."""


class TransientError(StreamError):
    """The server is busy, down or unreachable: try again later.

    :param retry_after_s: seconds that the server asked us to wait, if it said so
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        url_path: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(
            message,
            url_path=url_path,
            http_status=http_status,
            request_id=request_id,
        )
        self.retry_after_s = retry_after_s


class Throttled(TransientError):
    """The server is well, and asks for fewer requests (429)."""


class Blocked(TransientError):
    """A firewall or a proxy answered for Procurify, with a page for people."""


class OutOfTime(TransientError):
    """Nothing is asked any more in this run: its time is over."""


class AuthenticationError(StreamError):
    """A person must look at the credentials; trying again does not help.

    :param reason: ``credentials`` when the token endpoint refuses id and secret;
        ``inactive_or_forbidden`` when a fresh token is refused by the API
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        url_path: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(
            message,
            url_path=url_path,
            http_status=http_status,
            request_id=request_id,
        )
        self.reason = reason


class TokenRefused(AuthenticationError):
    """A token is missing, old or refused, and it is not the client that renews it."""

    def __init__(self, message: str = "The access token is to be renewed") -> None:
        super().__init__(message, reason="inactive_or_forbidden")


class ForbiddenError(StreamError):
    """The API user's role does not cover this one resource (403)."""


class AddressError(StreamError):
    """The address is wrong: unknown host, bad certificate, no Procurify there."""


class PrivateAddressError(AddressError):
    """The host is inside: on this machine, in a private network, or reserved.

    :param host: as the address names it
    :param can_be_allowed: whether it is of a private network that may be allowed
    """

    def __init__(self, host: str, *, can_be_allowed: bool) -> None:
        kind = "a private network" if can_be_allowed else "this machine or reserved"
        super().__init__(f"{host} is an address of {kind}, which is not contacted")
        self.host = host
        self.can_be_allowed = can_be_allowed


class ProtocolError(StreamError):
    """The answer is not what the documentation says.

    :param excerpt: the beginning of the answer, at most 500 characters
    """

    def __init__(
        self,
        message: str,
        *,
        excerpt: str = "",
        url_path: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(
            message,
            url_path=url_path,
            http_status=http_status,
            request_id=request_id,
        )
        self.excerpt = excerpt[:EXCERPT_CHARS]


class RecordError(ProcurifyError):
    """Put this object aside and go on with the next.

    :param code: short, stable name of the reason
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class TooLarge(RecordError):
    """A file has more bytes than are wanted.

    :param limit: the most that were wanted, in bytes
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"The file has more than {limit} bytes", code="too_large")
        self.limit = limit


class InvalidPayload(RecordError):
    """A field of the object is missing or cannot be what it is said to be.

    :param path: where, e.g. ``items[3].quantity``
    :param reason: why, e.g. ``missing``
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}", code="invalid_payload")
        self.path = path
        self.reason = reason
