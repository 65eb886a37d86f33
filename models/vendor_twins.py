"""Two contacts that are one vendor: duplicates hide behind the second one."""

import re
import unicodedata

from .procurify_import_mixin import normalise

# A document in Odoo is looked for by its number without case and outer spaces.
_LEGAL_FORMS = frozenset(
    (
        *("inc", "incorporated", "ltd", "limited", "llc", "llp", "plc", "co"),
        *("company", "corp", "corporation", "gmbh", "ag", "kg", "ug", "mbh", "sarl"),
        *("sa", "sas", "srl", "spa", "sl", "bv", "nv", "ab", "as", "oy", "pty"),
    )
)


def same_vendor(one, other):
    """Tell whether two contacts of Odoo are one vendor.

    They are of one company, have one tax id, or names that fit: capital letters,
    accents, punctuation and legal forms do not part two names.

    :returns: bool
    """
    one, other = one.commercial_partner_id, other.commercial_partner_id
    if not (one and other):
        return False
    return (
        one == other
        or bool(one.vat and normalise(one.vat) == normalise(other.vat))
        or names_fit(one.name, other.name)
    )


def names_fit(one, other):
    """Tell whether two names are written for the same vendor."""
    words = _words(one)
    return bool(words) and words == _words(other)


def _words(name):
    letters = unicodedata.normalize("NFKD", normalise(name).replace(".", ""))
    plain = "".join(c for c in letters if not unicodedata.combining(c))
    return [word for word in re.findall(r"\w+", plain) if word not in _LEGAL_FORMS]
