"""JSON as text that PostgreSQL stores."""

import json


def json_text(data):
    """Return ``data`` as the JSON that is staged; decimals as texts.

    Half a character, as it is left where somebody cut a text, is written escaped, as
    Procurify sent it: the database does not take it.
    """
    text = json.dumps(data, default=str, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()
