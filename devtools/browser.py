"""What Odoo's tests start: a Chromium for the tours, wkhtmltopdf for printing."""

import os

from .programs import Program

CHROMIUM = Program(
    package="chromium",
    executable="usr/lib/chromium/chromium",
    #: The names under which Odoo's tests look for a browser.
    names=("google-chrome", "chromium", "chromium-browser", "google-chrome-stable"),
    folder="browser",
    purpose="Browser for the tours",
    instead="Install one yourself (Debian: apt-get install chromium), or run the tests "
    "that need none: ./dev test plain",
    # Names of vendors in Chinese and Japanese would be empty boxes.
    also=("fonts-droid-fallback",),
)
WKHTMLTOPDF = Program(
    package="wkhtmltopdf",
    executable="usr/bin/wkhtmltopdf",
    names=("wkhtmltopdf",),
    folder="printing",
    purpose="Program that prints PDFs",
    instead="Install wkhtmltopdf 0.12 yourself, or run the tests that need none: "
    "./dev test plain",
)


def search_path() -> str:
    """Return a PATH on which Odoo finds a browser and wkhtmltopdf, and both start.

    :raises Stop: when there is none and none can be had.
    """
    path = os.environ.get("PATH", os.defpath)
    return WKHTMLTOPDF.search_path(CHROMIUM.search_path(path))
