"""Which unit of measure people mean by a word, in four languages."""

from __future__ import annotations

from .words import words_of

# Odoo's unit → words for it.
_UNITS = """
product_uom_unit: each ea unit units pc pcs piece pieces item items stuck stk st unite
    unites u un unidad unidades uds ud pza pieza piezas no nos qty count ct
product_uom_dozen: dozen dozens doz dz dutzend douzaine douzaines docena docenas
product_uom_pack_6: sixpack
product_uom_hour: hour hours hr hrs h std stunde stunden heure heures hora horas
product_uom_day: day days d tag tage jour jours dia dias
product_uom_minute: minute minutes min mins minuten minuto minutos
product_uom_millimeter: mm millimeter millimetre millimeters millimetres milimetro
product_uom_cm: cm centimeter centimetre centimeters zentimeter centimetro
product_uom_meter: m meter metre meters metres metro metros mtr lfm ml_lin
product_uom_km: km kilometer kilometre kilometers kilometres kilometro kilometros
product_uom_square_meter: m2 sqm qm quadratmeter metre_carre metro_cuadrado
product_uom_milliliter: ml milliliter millilitre mililitro
product_uom_litre: l lt ltr liter litre liters litres litro litros
product_uom_cubic_meter: m3 cbm kubikmeter
product_uom_gram: g gr gram grams gramme grammes gramm gramo gramos
product_uom_kgm: kg kgs kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes
    kilogramo kilogramos
product_uom_ton: t to ton tons tonne tonnes tonnen tonelada toneladas mt
product_uom_oz: oz ounce ounces
product_uom_lb: lb lbs pound pounds livre livres libra libras
product_uom_inch: in inch inches zoll pouce pouces pulgada pulgadas
product_uom_foot: ft foot feet pied pieds pie pies
product_uom_yard: yd yds yard yards
product_uom_mile: mi mile miles
product_uom_square_foot: ft2 sqft sf
product_uom_floz: floz
product_uom_qt: qt quart quarts
product_uom_gal: gal gals gallon gallons galon galones
product_uom_cubic_inch: in3
product_uom_cubic_foot: ft3 cuft
product_uom_kwh: kwh
"""
_BY_WORD: dict[str, str] = {}
_unit = ""
for _word in _UNITS.split():
    if _word.endswith(":"):
        _unit = _word[:-1]
    else:
        _BY_WORD[_word] = _unit


def unit_meant(name: str) -> str | None:
    """Return the name of the unit in Odoo's module ``uom`` that ``name`` means."""
    return _BY_WORD.get("".join(words_of(name)))
