"""Names and types under which downloaded files are kept."""

import hashlib
import re
import unicodedata

MAX_NAME_CHARS = 200
HTML_TYPES = ("text/html", "application/xhtml+xml")
# Types that no browser executes. Any other text is kept as plain text.
INERT_TYPES = re.compile(
    r"application/(pdf|zip|msword|octet-stream|vnd\.(ms-|oasis\.|openxmlformats-).*)"
    r"|image/(png|jpeg|gif|webp|bmp|tiff)|text/(plain|csv)"
)
_RUNS_AS_TEXT = re.compile(r"text/|ht|xml|script|json|svg")


def clean_name(name):
    """Return ``name`` without path and invisible characters; never empty."""
    name = unicodedata.normalize("NFC", name or "")
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(c for c in name if not unicodedata.category(c).startswith("C"))
    name = name.strip(" .")
    stem, dot, extension = name.rpartition(".")
    if len(name) > MAX_NAME_CHARS and stem and len(extension) <= 10:
        return stem[: MAX_NAME_CHARS - len(extension) - 1] + dot + extension
    return name[:MAX_NAME_CHARS] or "attachment"


def inert_type(mimetype):
    """Return the type to keep a file as, so that no browser executes it."""
    if INERT_TYPES.fullmatch(mimetype):
        return mimetype
    return (
        "text/plain" if _RUNS_AS_TEXT.search(mimetype) else "application/octet-stream"
    )


def sha1(content):
    """Return the SHA-1 by which Procurify and Odoo identify a content."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
