"""Searches by texts as people write them."""

import re
import unicodedata
from collections import defaultdict

from odoo.fields import Domain
from odoo.tools import SQL

from .names import FOLDED_SQL, NORMALISED_SQL, normalise


def search_by(model, field, values, domain=Domain.TRUE):
    """Return {normalised value: records of ``model`` whose ``field`` has it}.

    Upper and lower case are one. One query, however many values.
    """
    found = defaultdict(model.browse)
    values = {value for value in values if value}
    if not values:
        return found
    spellings = {text for value in values for text in spellings_of(value)}
    match = Domain.OR(Domain(field, "=ilike", _escape_like(s)) for s in spellings)
    for record in model.search(match & domain):
        found[normalise(record[field])] |= record
    return found


def has_text(field, texts):
    """Return the domain of records whose ``field`` is in ``texts``, in any case.

    A comparison with each text by itself would be slow.
    """
    spellings = {s for text in texts for s in spellings_of(text)}
    spellings |= {_lower_ascii(s) for s in spellings}
    return Domain.custom(
        to_sql=lambda model, alias, query: SQL(
            "lower(%s) = ANY(%s)",
            model._field_to_sql(alias, field, query),
            sorted(spellings),
        )
    )


def is_number(fields, numbers):
    """Return the domain of records that have one of ``numbers`` in one of ``fields``.

    Letter case and white space do not part two numbers. An index on
    ``number_index(field)`` makes it fast.
    """
    spellings = sorted({s for number in numbers for s in spellings_of(number)})

    def to_sql(model, alias, query):
        wanted = SQL(
            "ARRAY(SELECT %s FROM unnest(%s) AS number)",
            SQL(NORMALISED_SQL, column=SQL("number")),
            spellings,
        )
        columns = (model._field_to_sql(alias, field, query) for field in fields)
        written = (SQL(NORMALISED_SQL, column=column) for column in columns)
        return SQL(
            "(%s)", SQL(" OR ").join(SQL("%s = ANY(%s)", w, wanted) for w in written)
        )

    return Domain.custom(to_sql=to_sql)


def number_index(field):
    """Return the column of an index by which ``is_number`` finds ``field``."""
    return f"({NORMALISED_SQL % {'column': field}})"


def name_matches(field, pattern):
    """Return the domain of records whose ``field`` matches a pattern of NameIndex."""
    return Domain.custom(
        to_sql=lambda model, alias, query: SQL(
            "%s ~ %s",
            SQL(FOLDED_SQL, column=model._field_to_sql(alias, field, query)),
            pattern,
        )
    )


def spellings_of(text):
    """Return how the database may have ``text``.

    It compares code points, composed or not, and where its locale is C it takes only
    the letters of ASCII for the same in either case.
    """
    text = text.strip()
    if text.isascii():
        return {text}
    cases = (text, text.lower(), text.upper())
    forms = (unicodedata.normalize(form, c) for form in ("NFC", "NFD") for c in cases)
    return {*cases, *forms}


def _escape_like(text):
    return re.sub(r"([\\%_])", r"\\\1", text)


def _lower_ascii(text):
    return "".join(c.lower() if c.isascii() else c for c in text)
