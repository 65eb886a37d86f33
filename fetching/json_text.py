"""JSON as text: as PostgreSQL stores it, and as people read it."""

import json
import re

from ..procurify import shown_text

# Whatever has to be escaped stands behind a backslash, so no step is tried twice.
_JSON_TOKEN = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL
)
_INDENT = "  "


def json_text(data):
    """Return ``data`` as the JSON that is staged; decimals as texts.

    Half a character, as it is left where somebody cut a text, is written escaped, as
    Procurify sent it: the database does not take it.
    """
    text = json.dumps(data, default=str, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()


def indented(text):
    """Return JSON ``text`` on several lines, every number with the digits it had.

    Text that is no JSON, or nested too deeply, is returned as it is. Half a surrogate
    pair is shown as a character that is not known.
    """
    try:
        json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return shown_text(text)
    return shown_text("".join(_lines(text)))


def _lines(text):
    """Yield valid JSON ``text`` piece by piece, with line breaks and indents."""
    depth, is_open = 0, False
    for token in _JSON_TOKEN.findall(text):
        if token in "]}":
            depth -= 1
            # Nothing stands between the brackets of what is empty.
            yield token if is_open else f"\n{_INDENT * depth}{token}"
            is_open = False
            continue
        if is_open:
            yield f"\n{_INDENT * depth}"
        is_open = token in "[{"
        depth += is_open
        if token == ",":
            yield f",\n{_INDENT * depth}"
        elif token == ":":
            yield ": "
        elif token[0] == '"':
            yield json.dumps(json.loads(token, strict=False), ensure_ascii=False)
        else:
            yield token
