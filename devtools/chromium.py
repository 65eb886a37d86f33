"""A Chromium without a window, driven from outside. Runs in the private environment."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import websocket

from .browser import CHROMIUM
from .processes import running

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS_WITHIN_S = 60
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--disable-dev-shm-usage"),
    *("--remote-debugging-port=0", "--remote-allow-origins=*"),
)


class Page:
    """The one page of a browser."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._asked = 0

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command of the DevTools protocol, and return its result."""
        self._asked += 1
        message = {"id": self._asked, "method": method, "params": parameters}
        self._socket.send(json.dumps(message))
        while (answer := json.loads(self._socket.recv())).get("id") != self._asked:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def evaluate(self, expression: str) -> Any:
        """Run JavaScript in the page, and return what it or its promise gives."""
        result = self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def open(self, address: str, width: int, height: int) -> None:
        """Show an address in a window of this size."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.call("Page.navigate", url=address)

    def wait_for(self, selector: str) -> None:
        """Wait until there is such an element, and nothing loads any more.

        :raises RuntimeError: when it does not come
        """
        shown = (
            f"!!document.querySelector({json.dumps(selector)})"
            " && !document.querySelector('.o_loading_indicator, .o_blockUI')"
        )
        until = time.monotonic() + ANSWERS_WITHIN_S
        while not self.evaluate(shown):
            if time.monotonic() > until:
                raise RuntimeError(f"{selector} did not appear")
            time.sleep(0.2)
        time.sleep(1)  # images and transitions

    def click(self, selector: str) -> None:
        """Click on the first such element."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def picture(self) -> bytes:
        """Return what is shown, as a PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])


@contextmanager
def chromium() -> Iterator[Page]:
    """Run a browser, and give its page."""
    executable = next(found for name in CHROMIUM.names if (found := which(name)))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = (executable, *OPTIONS, f"--user-data-dir={profile}", "about:blank")
        with running(command, {}, stderr=subprocess.DEVNULL):
            socket = websocket.create_connection(
                _address_of_page(Path(profile) / "DevToolsActivePort"),
                timeout=ANSWERS_WITHIN_S,
            )
            yield Page(socket)
            socket.close()


def _address_of_page(port_file: Path) -> str:
    until = time.monotonic() + ANSWERS_WITHIN_S
    while time.monotonic() < until:
        if port_file.exists() and (lines := port_file.read_text().split()):
            with urlopen(f"http://127.0.0.1:{lines[0]}/json") as answer:
                pages = [page for page in json.load(answer) if page["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise RuntimeError("Chromium did not start")
