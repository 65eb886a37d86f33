"""When a bill is due, as the name of a payment term says it in four languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from .words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBER = r"\d+(?:[.,]\d+)?"
_DAYS = r"(?:days?|d|jours?|jrs?|j|tagen?|tage|t|dias?)"
# «2/10 net 30», «2% 10», «2 % within 10 days», «10 Tage 2 %».
_DISCOUNTS = (
    rf"({_NUMBER})\s*%?\s*/\s*(\d+)(?=\D)",
    rf"({_NUMBER})\s*(?:%|percent|prozent|pour cent)\D{{0,24}}?(\d+)\s*{_DAYS}?\b",
)
_DISCOUNT_LAST = (
    rf"(\d+)\s*{_DAYS}\s*(?:mit|avec|con|less|abzuglich)?\s*({_NUMBER})\s*%"
)
_END_OF_MONTH = re.compile(
    r"\b(?:eom|e o m|fdm|fin (?:de |du )?mois|fin de mes|end of (?:the )?month|"
    r"month end|monatsende|ende des monats)\b"
)
_AT_ONCE = re.compile(
    r"\b(?:on receipt|upon receipt|receipt of invoice|immediate(?:ly)?|cod|cash|"
    r"cash on delivery|comptant|a (?:la )?reception|des reception|immediat|sofort|"
    r"bei erhalt|nach erhalt|bar|barzahlung|contado|a la recepcion|inmediato)\b"
)
_WORDS = """
    net nets netto neto n due payable payment terms term invoice date of the from
    after days day d jours jour j jrs tage tag tagen t dias dia within in en a au al
    ab nach zahlbar fallig innerhalb von rechnungsdatum rein ohne abzug skonto
    escompte descuento discount date de la facture factura up pago paiement zahlung
    echeance vencimiento sans mit avec con rechnung zahlungsziel less if paid bei
    percent prozent otherwise and und et y plus full amount
"""
_SAYS_NOTHING = frozenset(_WORDS.split())


@dataclass(frozen=True)
class Term:
    """When a bill is due, and what is saved by paying early.

    :param days: after the date, or after the end of the month
    """

    days: int
    end_of_month: bool = False
    discount: Decimal = Decimal(0)
    discount_days: int = 0


def read_term(name: str) -> Term | None:
    """Return what ``name`` says; None where it says nothing, or more than is known."""
    text = _folded(name)
    for discount, discount_days, rest in _without_discount(text):
        term = _read_rest(rest, discount, discount_days)
        if term and discount_days <= term.days:
            return term
    return None


def _read_rest(text: str, discount: Decimal, discount_days: int) -> Term | None:
    text, at_end = _END_OF_MONTH.subn(" ", text)
    text, at_once = _AT_ONCE.subn(" ", text)
    numbers = re.findall(r"\d+", text)
    words = set(re.findall(r"[^\W\d]+", text))
    if words - _SAYS_NOTHING or len(numbers) > 1 or "%" in text:
        return None
    if not (numbers or at_end or at_once) or (at_once and (numbers or at_end)):
        return None
    days = int(numbers[0]) if numbers else 0
    return Term(days, bool(at_end), discount, discount_days)


def likeness(one: Term, other: Term) -> float:
    """Return from 0 to 1 how much two terms are one."""
    if one == other:
        return 1.0
    if (one.days, one.end_of_month) == (other.days, other.end_of_month):
        return 0.7 if one.discount and other.discount else 0.6
    return 0.0


def _folded(name: str) -> str:
    """Return the words of ``name``, and the signs that count between its numbers."""
    parts = re.split(r"([%/,.])", name)
    kept = "".join(p if p in "%/,." else f" {' '.join(words_of(p))} " for p in parts)
    kept = re.sub(r"(?<=\d)\s*([.,])\s*(?=\d)", r"\1", kept)
    kept = re.sub(r"[.,](?!\d)|(?<!\d)[.,]", " ", kept)
    # «Net30», «n30», «30d».
    kept = re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", kept)
    return re.sub(r"\s+", " ", kept).strip()


def _without_discount(text: str) -> Iterator[tuple[Decimal, int, str]]:
    """Yield each way to read a discount: (percent, days, the rest of ``text``)."""
    for pattern in (*_DISCOUNTS, _DISCOUNT_LAST):
        if found := re.search(pattern, text):
            rest = text[: found.start()] + " " + text[found.end() :]
            percent, days = found[1], found[2]
            if pattern == _DISCOUNT_LAST:
                percent, days = days, percent
            yield _percent(percent), int(days), rest
    yield Decimal(0), 0, text.replace("/", " ")


def _percent(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))
