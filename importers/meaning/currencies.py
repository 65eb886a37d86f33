"""Which currency people mean by its name or sign, in four languages."""

from __future__ import annotations

import re

from .words import words_of

_NAMES = """
USD: us dollar* | us$ | usd$ | american dollar* | dollar americain | dollars us |
    us dollar | dolar estadounidense | dollar us
CAD: canadian dollar* | c$ | ca$ | cad$ | can$ | dollar canadien | dollars canadiens |
    dolar canadiense
AUD: australian dollar* | a$ | au$ | aud$
NZD: new zealand dollar* | nz$
EUR: euro* | €
GBP: pound sterling | british pound* | sterling | uk pound* | livre sterling | £ |
    pfund sterling | libra esterlina
CHF: swiss franc* | sfr | schweizer franken | franken | franc suisse | franco suizo
JPY: yen | japanese yen | ¥
SEK: swedish krona | swedish kronor | schwedische krone*
NOK: norwegian krone*
DKK: danish krone*
MXN: mexican peso* | mx$ | peso mexicano | pesos mexicanos
INR: indian rupee* | rupee* | ₹
CNY: chinese yuan | yuan | renminbi | rmb
PLN: zloty | polish zloty
CZK: czech koruna | koruna
"""
_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")


def _spelled(text: str) -> str:
    sign = re.search(r"[$€£¥₹]", text)
    return " ".join(words_of(text)) + (f" {sign[0]}" if sign else "")


_BY_NAME = {
    _spelled(name.strip().rstrip("*")): code
    for line in re.sub(r"\n\s+", " ", _NAMES).strip().splitlines()
    for code, names in [line.split(":", 1)]
    for name in names.split("|")
}


def currencies_meant(text: str) -> list[str]:
    """Return the codes that ``text`` may stand for: those it holds, or by its name."""
    spelled = _spelled(text)
    by_name = _BY_NAME.get(spelled) or _BY_NAME.get(spelled.removesuffix("s"))
    codes = _CODE.findall(text.upper() if len(text) == len("EUR") else text)
    return [by_name] if by_name else list(dict.fromkeys(codes))
