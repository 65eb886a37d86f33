"""The words of lines that the connector names itself, in the books' language."""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

# What the arithmetic puts before a name of Procurify's own, or instead of one.
_WORDS = {
    "shipping": ("Shipping", _lt("Shipping")),
    "freight": ("Freight", _lt("Freight")),
    "other": ("Other costs", _lt("Other costs")),
    "tax": ("Tax", _lt("Tax")),
    "discount": ("Discount", _lt("Discount")),
    "cost": ("Cost", _lt("Cost")),
}


def line_words(env, line):
    """Return a line's text in the language of ``env``.

    :param line: of a bill or an order, with ``kind`` and ``label``
    """
    plain, translated = _WORDS.get(line.kind, ("", ""))
    # A cost may have a name of its own, which may begin with this word.
    is_ours = line.kind != "cost" or line.label == plain
    if not (plain and is_ours and line.label.startswith(plain)):
        return line.label
    return env._(translated) + line.label.removeprefix(plain)  # pylint: disable=W8301
