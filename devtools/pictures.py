"""The pictures of the Apps page, taken of a running demo.

``python -m devtools.pictures <address> <database> <login> <password> <folder>``
"""

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from .chromium import Page, chromium
from .paths import ADDON

WIDE, NARROW = (1280, 720), (400, 800)
DRAWINGS = Path(__file__).parent
ICON_SIZE, BANNER_SIZE = (256, 256), (1120, 560)
#: Enough for a screen of Odoo, which then takes a third of the bytes.
COLOURS = 128


@dataclass(frozen=True)
class Shot:
    """A picture: what is opened, and what is clicked on before it is taken."""

    name: str
    path: str
    shows: str
    size: tuple[int, int] = WIDE
    click: str = ""
    then_shows: str = ""


SHOTS = (
    Shot(
        "dashboard",
        f"/odoo/action-{ADDON}.procurify_connection_action_dashboard",
        ".o_kanban_record:not(.o_kanban_ghost)",
    ),
    Shot("quarantine", "/odoo/procurify-quarantine", ".o_data_row"),
    Shot("issues", "/odoo/procurify-issues", ".o_data_row"),
    Shot(
        "issue",
        "/odoo/procurify-issues",
        ".o_data_row",
        click=".o_data_row:has(td[name=suggestion]:not(:empty)) td[name=message]",
        then_shows=".o_form_view .o_procurify_candidates",
    ),
    Shot(
        "bill",
        "/odoo/procurify-quarantine",
        ".o_data_row",
        click=".o_data_row td[name=name]",
        then_shows=".o_form_view .o_procurify_issues li",
    ),
    Shot("mapping", "/odoo/procurify-mapping", ".o_data_row"),
    Shot("audit", "/odoo/procurify-audit", ".o_data_row"),
    Shot("phone", "/odoo/procurify-quarantine", ".o_kanban_record", size=NARROW),
)


def take(address: str, database: str, login: str, password: str, folder: Path) -> None:
    """Take every picture of the demo, and the banner with one of them."""
    with chromium() as page:
        _log_in(page, address, {"db": database, "login": login, "password": password})
        for shot in SHOTS:
            _write(folder / f"{shot.name}.png", _taken(page, address, shot))
        page.open((DRAWINGS / "banner.html").as_uri(), *BANNER_SIZE)
        page.wait_for("img")
        _write(folder / "banner.png", page.picture())
        # Only the icon has corners that what lies below is seen through.
        page.open((DRAWINGS / "icon.html").as_uri(), *ICON_SIZE)
        page.wait_for("svg")
        transparent = {"r": 0, "g": 0, "b": 0, "a": 0}
        page.call("Emulation.setDefaultBackgroundColorOverride", color=transparent)
        (folder / "icon.png").write_bytes(page.picture())


def _log_in(page: Page, address: str, credentials: dict[str, str]) -> None:
    page.open(f"{address}/web/login", *WIDE)
    page.wait_for("input[name=login]")
    request = {
        "method": "POST",
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"params": credentials}),
    }
    page.evaluate(f"fetch('/web/session/authenticate', {json.dumps(request)})")


def _taken(page: Page, address: str, shot: Shot) -> bytes:
    page.open(address + shot.path, *shot.size)
    page.wait_for(shot.shows)
    if shot.click:
        page.click(shot.click)
        page.wait_for(shot.then_shows)
    return page.picture()


def _write(file: Path, picture: bytes) -> None:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    address, database, login, password, folder = sys.argv[1:]
    take(address, database, login, password, Path(folder))
