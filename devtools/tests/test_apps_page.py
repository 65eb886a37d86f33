"""The Apps page shows what is there, to everybody."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from devtools.paths import ROOT

FOLDER = ROOT / "static" / "description"
#: What the pictures of the page may weigh together.
MOST_BYTES = 2 * 1024 * 1024


def _images() -> list[ET.Element]:
    page = (FOLDER / "index.html").read_text("utf-8")
    return list(ET.fromstring(f"<page>{page}</page>").iter("img"))


def test_every_picture_of_the_page_exists_and_has_a_description() -> None:
    images = _images()
    assert len(images) > 4
    assert [i.attrib for i in images if not (FOLDER / i.attrib["src"]).is_file()] == []
    assert [i.attrib for i in images if len(i.attrib.get("alt", "")) < 20] == []


def test_the_pictures_are_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.glob("*.png")) < MOST_BYTES
