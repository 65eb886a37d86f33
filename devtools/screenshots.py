"""``./dev screenshots``: the pictures of the Apps page, of the demo as it is now."""

from . import browser, databases, demo
from .console import say, step
from .odoo import prepare
from .paths import ROOT
from .shell import compiled_apart, environment, run_quietly

FOLDER = ROOT / "static" / "description"


def screenshots(bills: int) -> None:
    """Start the demo, and write the pictures into ``static/description``."""
    path = browser.search_path()
    odoo = prepare()
    database = databases.database_name("pictures")
    with (
        demo.shown(odoo, bills, True, database) as shown,
        step("Taking the pictures"),
    ):
        run_quietly(
            *(odoo.python, "-m", "devtools.pictures", shown.address),
            *(shown.database, demo.LOGIN, demo.PASSWORD, FOLDER),
            cwd=ROOT,
            env=environment(compiled_apart() | {"PATH": path}),
            failure="The pictures could not be taken:",
        )
    size = sum(file.stat().st_size for file in FOLDER.glob("*.png"))
    say(f"{FOLDER.relative_to(ROOT)}: {size / 1024:.0f} KiB of pictures")
