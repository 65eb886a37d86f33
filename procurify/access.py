"""The way to one tenant: requests with a token, and no attribute with a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from .errors import AuthenticationError
from .tokens import TokenSource

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from .answers import Answer
    from .tokens import Token
    from .transport import Transport

T = TypeVar("T")


class Get(Protocol):
    """Sends one GET to the tenant and returns ``parse(answer)``."""

    def __call__(
        self,
        path: str,
        params: Mapping[str, str],
        parse: Callable[[Answer], T],
        cancelled: threading.Event | None = None,
        attempts: int | None = None,
    ) -> T:
        """:raises StreamError: what ``parse`` or the network raises"""


class GetFile(Protocol):
    """Sends one GET for a file and returns ``parse(answer)``."""

    def __call__(
        self, url: str, is_tenant: bool, limit: int, parse: Callable[[Answer], T]
    ) -> T:
        """
        :param is_tenant: send the token along
        :raises StreamError: what ``parse`` or the network raises
        """


class Access(NamedTuple):
    """What a client may do. Transport and tokens are in the closures of these."""

    get: Get
    get_file: GetFile
    authenticate: Callable[[], tuple[str, str]]
    is_token_due: Callable[[], bool]
    reload_token: Callable[[], bool]
    server_date: Callable[[], str]
    close: Callable[[], None]


def open_access(
    transport: Transport,
    client_id: str,
    client_secret: str,
    *,
    load_token: Callable[[], Token | None],
    keep_token: Callable[[Token], None],
    now: Callable[[], datetime],
    renews_token: bool,
) -> Access:
    """Return the way to the tenant of ``transport``; see ``Client`` for the rest."""
    tokens = TokenSource(
        transport.post_token,
        client_id,
        client_secret,
        load=load_token,
        keep=keep_token,
        now=now,
        renews=renews_token,
    )

    def authorised(send: Callable[[str], T]) -> T:
        """Send with the token; if it is refused, once more with a new one."""
        token = tokens.current()
        try:
            return send(token.access_token)
        except AuthenticationError:
            pass
        return send(tokens.replace(token).access_token)

    def get(
        path: str,
        params: Mapping[str, str],
        parse: Callable[[Answer], T],
        cancelled: threading.Event | None = None,
        attempts: int | None = None,
    ) -> T:
        return authorised(
            lambda token: transport.get(path, params, token, parse, cancelled, attempts)
        )

    def get_file(
        url: str, is_tenant: bool, limit: int, parse: Callable[[Answer], T]
    ) -> T:
        if not is_tenant:
            return transport.get_file(url, None, limit, parse)
        return authorised(lambda token: transport.get_file(url, token, limit, parse))

    def authenticate() -> tuple[str, str]:
        token = tokens.fetch()
        return token.tenant, token.email

    return Access(
        get,
        get_file,
        authenticate,
        tokens.is_due,
        tokens.reload,
        lambda: transport.server_date,
        transport.close,
    )
