"""The HTTP side: one server on the loopback, routing, replies that can go wrong."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from . import control, documents, faults
from .access import Access, detail, json_reply
from .bill_documents import BillRenderer, total
from .dataset import Dataset
from .faults import Faults, Reply
from .listing import BadQueryError, Lister, NoSuchPageError
from .modes import Modes
from .order_documents import OrderRenderer
from .resources import RESOURCES
from .storage import Storage
from .tls import self_signed
from .traits import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

DEMO_ID: Final = "demo-client"
DEMO_SECRET: Final = "demo-secret-not-a-real-one"
TOKEN_PATH: Final = "/oauth/token"
VENDOR: Final = re.compile(r"/api/v3/vendors/(\d{1,18})/")
BILL: Final = re.compile(r"/api/v2/ap/bills/([0-9A-Fa-f-]{1,36})/")
ORDER: Final = re.compile(r"/api/v2/purchase_orders/([0-9A-Fa-f-]{1,36})/")
ME: Final = "/api/v3/users/me/"
MEDIA: Final = "/media/"
NOT_FOUND: Final = detail(404, "Not found.")


class LoggedRequest(NamedTuple):
    """A request to the API; status 0 when the connection was reset."""

    method: str
    path: str
    query: dict[str, str]
    status: int


@dataclass(frozen=True)
class Request:
    """A request as far as routing looks at it."""

    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes = b""


class Site(Protocol):
    """What a server serves."""

    stopping: threading.Event

    def reply(self, request: Request) -> Reply: ...


class Simulator:
    """A Procurify tenant of its own, on the loopback interface.

    Use it as a context manager, or call :meth:`start` and :meth:`stop`.
    """

    def __init__(
        self,
        bills: int = 60,
        seed: int = 1,
        *,
        orders: int = 0,
        requisitions: int = 0,
        billings: int = 0,
        catalog: int | None = None,
        dataset: Dataset | None = None,
        latency_s: float = 0.0,
        page_size_cap: int = 100,
        token_lifetime_s: float = 86400,
        port: int = 0,
        client_id: str = DEMO_ID,
        client_secret: str = DEMO_SECRET,
        doubled_locations: bool = True,
        log: Callable[[str], None] | None = None,
    ) -> None:
        if dataset is None:
            dataset = Dataset(
                bills,
                seed,
                orders=orders,
                requisitions=requisitions,
                billings=billings,
                catalog=catalog,
            )
        self.dataset = dataset
        self.access = Access(client_id, client_secret, token_lifetime_s)
        self.lister = Lister(
            self.dataset, page_size_cap, doubled_locations=doubled_locations
        )
        self.faults = Faults()
        self.latency_s = latency_s
        self.requests: list[LoggedRequest] = []
        self.before_request: Callable[[Request], None] | None = None
        self.stopping = threading.Event()
        self._log = log
        self.storage = Storage(self.dataset, stopping=self.stopping)
        self._http = _Server(self, port)
        self._storage_http = _Server(self.storage, 0)
        self.dataset.storage_url = self.storage_url
        self.access.label = str(self._http.server_port)
        self.modes = Modes(self)
        self.spoiled: set[int] = set()
        self.traits: set[str] = set()
        self._threads: dict[_Server, threading.Thread] = {}
        self._secure: _Server | None = None
        self._listening = threading.RLock()
        self._reopening: threading.Timer | None = None

    # --- life ---------------------------------------------------------------------

    def start(self) -> Simulator:
        for server in (self._http, self._storage_http):
            self._open(server)
        return self

    def stop(self) -> None:
        self.stopping.set()
        if self._reopening:
            self._reopening.cancel()
        self.hide_certificate()
        for server in (self._http, self._storage_http):
            self._close(server)

    def _open(self, server: _Server) -> None:
        thread = threading.Thread(
            target=server.serve_forever, args=(0.05,), daemon=True
        )
        thread.start()
        self._threads[server] = thread

    def _close(self, server: _Server) -> None:
        thread = self._threads.pop(server, None)
        if thread is not None:
            server.shutdown()
            thread.join()
        server.server_close()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # --- doors --------------------------------------------------------------------

    def refuse(self, seconds: float) -> None:
        """Refuse connections for so long, and break those that are open."""
        with self._listening:
            self._close(self._http)
            self._reopening = threading.Timer(seconds, self.listen)
            self._reopening.daemon = True
            self._reopening.start()

    def listen(self) -> None:
        """Listen again at the same port, unless it is listened already."""
        with self._listening:
            if self._reopening is None or self.stopping.is_set():
                return
            self._reopening.cancel()
            self._reopening = None
            self._http = _Server(self, self._http.server_port)
            self._open(self._http)

    def show_certificate(self) -> None:
        """Be found by https at :attr:`address`, with a certificate of one's own."""
        if self._secure is None:
            self._secure = _Server(self, 0)
            self._secure.socket = self_signed().wrap_socket(
                self._secure.socket, server_side=True
            )
            self._open(self._secure)

    def hide_certificate(self) -> None:
        if self._secure is not None:
            self._close(self._secure)
            self._secure = None

    @property
    def address(self) -> str:
        """Where the tenant is found now: at its base URL, or by https."""
        if self._secure is None:
            return self.base_url
        return f"https://127.0.0.1:{self._secure.server_port}"

    # --- what tests look at and turn ------------------------------------------------

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def storage_url(self) -> str:
        """Where the storage host is: another one than the tenant's."""
        return f"http://127.0.0.1:{self._storage_http.server_port}"

    @property
    def client_id(self) -> str:
        return self.access.client_id

    @property
    def client_secret(self) -> str:
        return self.access.client_secret

    @property
    def ignore_filters(self) -> bool:
        return self.lister.ignore_filters

    @ignore_filters.setter
    def ignore_filters(self, value: bool) -> None:
        self.lister.ignore_filters = value

    @property
    def ignore_order(self) -> bool:
        return self.lister.ignore_order

    @ignore_order.setter
    def ignore_order(self, value: bool) -> None:
        self.lister.ignore_order = value

    @property
    def all_hides_closed(self) -> bool:
        """Whether the list of all orders omits the cancelled, closed and paid."""
        return self.dataset.all_hides_closed

    @all_hides_closed.setter
    def all_hides_closed(self, value: bool) -> None:
        self.dataset.all_hides_closed = value
        self.dataset.revision += 1

    @property
    def keeps_former_lines(self) -> bool:
        """Whether an order's detail goes on showing lines that left the order."""
        return self.dataset.keeps_former_lines

    @keeps_former_lines.setter
    def keeps_former_lines(self, value: bool) -> None:
        self.dataset.keeps_former_lines = value

    @property
    def reject_secret(self) -> bool:
        return self.access.reject_secret

    @reject_secret.setter
    def reject_secret(self, value: bool) -> None:
        self.access.reject_secret = value

    def expire_tokens(self) -> None:
        self.access.expire_tokens()

    def clear_requests(self) -> None:
        self.requests.clear()

    # --- answering ----------------------------------------------------------------

    def reply(self, request: Request) -> Reply:
        """Answer a request, and write down that it came."""
        if request.path.startswith(control.PREFIX):
            return control.reply(
                self, request.method, request.path, request.query, request.body
            )
        if self.before_request is not None:
            self.before_request(request)
        reply = shown(self._right_reply(request), request.path, self.traits)
        if self.latency_s:
            self.stopping.wait(self.latency_s)
        fault = self.faults.strike(request.method, request.path, request.query)
        if fault is not None:
            reply = faults.spoil(reply, fault)
        status = 0 if reply.cut == "reset" else reply.status
        logged = LoggedRequest(request.method, request.path, request.query, status)
        self.requests.append(logged)
        if self._log is not None:
            self._log(f"{request.method} {request.path} {status}")
        return reply

    def _right_reply(self, request: Request) -> Reply:
        if request.path.rstrip("/") == TOKEN_PATH:
            if request.method != "POST":
                return _not_allowed(request, "POST")
            return self.access.token(request.body)
        if request.path.startswith(MEDIA):
            return self._file(request)
        if not request.path.endswith("/"):
            return _with_slash(request)
        refused = self.access.refusal(request.headers)
        if refused is not None:
            return refused
        if request.method != "GET":
            return _not_allowed(request, "GET")
        return self._document(request)

    def _document(self, request: Request) -> Reply:
        if request.path in RESOURCES:
            return self._list(request)
        if request.path == ME:
            return json_reply(200, {"metadata": {}, "data": documents.me()})
        if matched := VENDOR.fullmatch(request.path):
            return self._vendor(int(matched[1]))
        if matched := BILL.fullmatch(request.path):
            return self._bill(matched[1])
        if matched := ORDER.fullmatch(request.path):
            return self._order(matched[1])
        return NOT_FOUND

    def _list(self, request: Request) -> Reply:
        resource = RESOURCES[request.path]
        try:
            page = self.lister.page(resource, request.query, self.base_url)
        except BadQueryError as error:
            return json_reply(400, error.messages)
        except NoSuchPageError:
            return detail(404, "Invalid page.")
        return json_reply(200, page)

    def _vendor(self, vendor_id: int) -> Reply:
        vendor = self.dataset.vendor(vendor_id)
        if vendor is None:
            return NOT_FOUND
        found = documents.vendor_detail(vendor)
        return json_reply(200, {"metadata": {}, "data": found})

    def _bill(self, reference: str) -> Reply:
        bill = self.dataset.find_bill(reference)
        if bill is None:
            return NOT_FOUND
        permissions = dict.fromkeys(("can_edit", "can_delete", "can_approve"), False)
        others = {item.currency_id for item in bill.items} - {None, bill.currency_id}
        summary = {"has_multiple_currency": bool(others), "total_cost": total(bill)}
        document = {
            "metadata": {"summary": summary, "permissions": permissions},
            "data": BillRenderer(self.dataset).detail(bill),
        }
        return json_reply(200, document)

    def _order(self, reference: str) -> Reply:
        order = self.dataset.find_order(reference)
        if order is None:
            return NOT_FOUND
        document = {
            "metadata": {"can_edit": True, "can_delete": False},
            "data": OrderRenderer(self.dataset).detail(order),
        }
        return json_reply(200, document)

    def _file(self, request: Request) -> Reply:
        refused = self.access.refusal(request.headers)
        if refused is not None:
            return refused
        record = self.dataset.files().get(request.path)
        if record is None or record.missing or record.place == "storage":
            return NOT_FOUND
        if record.place == "redirect":
            address = documents.stored_address(record, self.storage_url)
            return Reply(302, b"", faults.HTML_TYPE, {"Location": address})
        content = documents.attachment_content(record)
        return Reply(200, content, documents.attachment_type(record))


def _not_allowed(request: Request, allowed: str) -> Reply:
    content = {"detail": f'Method "{request.method}" not allowed.'}
    return Reply(405, json.dumps(content).encode(), headers={"Allow": allowed})


def _with_slash(request: Request) -> Reply:
    """Redirect as the real framework does with an address without its last slash."""
    query = f"?{urlencode(request.query)}" if request.query else ""
    headers = {"Location": f"{request.path}/{query}"}
    return Reply(301, b"", faults.HTML_TYPE, headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, site: Site, port: int) -> None:
        self.site = site
        self.is_closed = False
        self.numbers = count(1)
        super().__init__(("127.0.0.1", port), _Handler)

    def shutdown(self) -> None:
        """End the loop; a connection wakes it, which else looks at it twenty times a
        second."""
        ending = threading.Thread(target=super().shutdown)
        ending.start()
        address = ("127.0.0.1", self.server_port)
        with suppress(OSError), socket.create_connection(address, 1):
            ending.join()

    def server_close(self) -> None:
        self.is_closed = True
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Simulator"
    sys_version = ""
    disable_nagle_algorithm = True
    server: _Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        address = urlsplit(self.path)
        request = Request(
            self.command,
            address.path,
            dict(parse_qsl(address.query, keep_blank_values=True)),
            self.headers,
            self.rfile.read(length),
        )
        if self.server.is_closed:
            self.hang_up(reset=True)
            return
        self.deliver(self.server.site.reply(request))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = answer

    def deliver(self, reply: Reply) -> None:
        """Send the reply, unless it is one that ends badly."""
        stopping = self.server.site.stopping
        if reply.delay_s:
            stopping.wait(reply.delay_s)
        body = reply.body if reply.send is None else reply.body[: reply.send]
        if reply.cut == "reset" and not body:
            self.hang_up(reset=True)
            return
        head = self.head(reply)
        if self.command == "HEAD":
            body = b""
        if reply.pause_s:
            self.drip(head + body, reply.pause_s)
        else:
            self.wfile.write(head + body)
        if reply.cut != "no":
            self.hang_up(reset=reply.cut == "reset")

    def head(self, reply: Reply) -> bytes:
        """Return status line and headers; with the body they make one packet."""
        phrase = self.responses.get(reply.status, ("Unknown", ""))[0]
        lines = [f"{self.protocol_version} {reply.status} {phrase}"]
        number = next(self.server.numbers)
        headers = {
            "Content-Type": reply.content_type,
            "Content-Length": str(len(reply.body)),
            "Date": self.date_time_string(),
            "X-Request-Id": f"simulated-{number}",
            "x-procurify-request-id": f"own-{number}",
            **reply.headers,
        }
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def drip(self, content: bytes, seconds: float) -> None:
        pieces = 20
        size = -(-len(content) // pieces)
        for start in range(0, len(content), size):
            self.wfile.write(content[start : start + size])
            self.wfile.flush()
            self.server.site.stopping.wait(seconds / pieces)

    def hang_up(self, *, reset: bool) -> None:
        """End the connection: in good order, or with a reset."""
        if reset:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing here: the simulator does it."""
