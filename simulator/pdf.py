"""A page of text as a PDF that every viewer opens."""

from __future__ import annotations

#: Points, from the lower left corner of a page in A4.
_LEFT, _TOP, _LEADING = 72, 740, 28


def page(*lines: str) -> bytes:
    """Return a PDF of one page with these lines of text; the first one is a title.

    Characters beyond Latin-1 become question marks: the fonts that each viewer has
    know no others.
    """
    shown = [f"({_escaped(line)}) Tj T*" for line in lines]
    shown[1:1] = ["/F1 11 Tf"]
    text = "\n".join(
        ["BT", f"/F1 20 Tf {_LEADING} TL {_LEFT} {_TOP} Td", *shown, "ET"]
    ).encode("latin-1", "replace")
    return _file(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica "
        b"/Encoding /WinAnsiEncoding >>",
    )


def _escaped(line: str) -> str:
    for special in "\\()":
        line = line.replace(special, f"\\{special}")
    return line


def _file(*objects: bytes) -> bytes:
    """Return the file of these objects, the first of which is the catalogue."""
    parts, places = [b"%PDF-1.4\n"], []
    for number, content in enumerate(objects, start=1):
        places.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return b"".join(
        [
            *parts,
            b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table),
            b"trailer\n<< /Size %d /Root 1 0 R >>\n" % size,
            b"startxref\n%d\n%%%%EOF\n" % sum(map(len, parts)),
        ]
    )
