"""The files of bills open in a viewer."""

from __future__ import annotations

import re

from .. import pdf


def test_each_object_stands_where_the_table_says() -> None:
    file = pdf.page("Rechnung (1) №2.pdf", "Größe")

    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", file)[1])  # type: ignore[index]
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", file[start:])]
    assert file[start:].startswith(b"xref\n0 6\n")
    assert [file[place : place + 7] for place in places] == [
        b"%d 0 obj" % number for number in range(1, 6)
    ]


def test_text_is_escaped_and_its_length_is_right() -> None:
    file = pdf.page("Rechnung (1) №2.pdf", "Größe")

    length = int(re.search(rb"/Length (\d+)", file)[1])  # type: ignore[index]
    text = file.split(b"stream\n", 1)[1][:length]
    assert text.endswith(b"ET")
    assert rb"(Rechnung \(1\) ?2.pdf) Tj" in text
    assert "(Größe) Tj".encode("latin-1") in text
