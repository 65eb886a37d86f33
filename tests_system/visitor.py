"""A person in a browser: moves the mouse, types, and counts what that takes."""

import json
import time
from pathlib import Path
from typing import Any

from devtools.chromium import Page

WIDE = (1366, 768)
#: So long a person waits for a screen before thinking that it is broken.
PATIENCE_S = 60
# An element that a person can see and reach: ``undefined`` while there is none.
_SEEN = """
(([selector, text, reach]) => {
    if (document.querySelector(".o_blockUI, .o_loading_indicator")) return;
    const element = [...document.querySelectorAll(selector)].find(
        (e) =>
            e.checkVisibility({visibilityProperty: true}) &&
            e.innerText.includes(text) &&
            !(reach && e.disabled)
    );
    if (!element || !reach) return element?.innerText;
    element.scrollIntoView({block: "center", behavior: "instant"});
    const {left, top, width, height} = element.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    const hit = document.elementFromPoint(x, y);
    if (element.contains(hit) || hit?.contains(element)) return [x, y];
})
"""


class Visitor:
    """One person on one page of Odoo.

    What is clicked is really under the mouse, and what is typed goes through the
    keyboard: a button that something covers fails as it would for a person.
    """

    def __init__(self, page: Page, address: str, pictures: Path) -> None:
        self._page = page
        self._address = address
        self._pictures = pictures
        self.clicks = 0
        self.fields = 0

    def open(self, path: str) -> None:
        """Type an address into the browser."""
        self._page.open(self._address + path, *WIDE)

    def log_in(self, login: str, password: str) -> None:
        """Log in by Odoo's own page, which is no part of what is counted."""
        self.open("/web/login")
        self.type("input[name=login]", login)
        self.type("input[name=password]", password)
        self.click("button[type=submit]", "Log in")
        self.sees(".o_main_navbar")
        self.clicks = self.fields = 0

    def sees(
        self, selector: str, text: str = "", patience_s: float = PATIENCE_S
    ) -> str:
        """Wait until such an element is on the screen, and return its words.

        :raises AssertionError: it does not come; what is there instead is in a picture
        """
        found: str = self._found(selector, text, patience_s, reach=False)
        return found

    def words(self, selector: str) -> list[str]:
        """Return the words of all such elements, now."""
        listed = f"[...document.querySelectorAll({json.dumps(selector)})]"
        found: list[str] = self._page.evaluate(f"{listed}.map((e) => e.innerText)")
        return found

    def click(self, selector: str, text: str = "") -> None:
        """Move the mouse to such an element, and press its button."""
        self._press(selector, text)
        self.clicks += 1

    def type(self, selector: str, text: str) -> None:
        """Replace what stands in a field."""
        self._press(selector, "", times=3)
        self._page.call("Input.insertText", text=text)
        self.fields += 1

    def date(self, name: str, text: str) -> None:
        """Enter a date into the field of this name, which is a button at first."""
        self._press(f"[name={name}] button", "")
        self.type(f"[name={name}] input", text)

    def picture(self, name: str) -> None:
        """Keep what is on the screen."""
        time.sleep(0.5)  # transitions
        path = self._pictures / f"{name}.png"
        path.write_bytes(self._page.picture())

    def _press(self, selector: str, text: str, times: int = 1) -> None:
        x, y = self._found(selector, text, PATIENCE_S, reach=True)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self._page.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x,
                y=y,
                button="none" if kind == "mouseMoved" else "left",
                clickCount=times,
            )

    def _found(self, selector: str, text: str, patience_s: float, reach: bool) -> Any:
        look = f"({_SEEN})({json.dumps([selector, text, reach])})"
        until = time.monotonic() + patience_s
        while (found := self._looked(look)) is None:
            if time.monotonic() > until:
                self.picture("not_seen")
                raise AssertionError(
                    f"{selector} with {text!r} does not appear within {patience_s} s; "
                    f"see {self._pictures}/not_seen.png"
                )
            time.sleep(0.1)
        return found

    def _looked(self, look: str) -> Any:
        try:
            return self._page.evaluate(look)
        except RuntimeError:
            return None  # the page is just being loaded
