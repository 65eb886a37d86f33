"""The invented manufacturer: five plants, its chart of accounts, its people.

Every name is made up. Ids of different kinds overlap on purpose, as they do in the
real thing, so that a reader who mixes two kinds of id is found out.
"""

from __future__ import annotations

from decimal import Decimal

from .model import AccountCode, Currency, Department, Location, PaymentTerm, Person, Tax

COMPANY = "Halden & Brook Manufacturing"
DOMAIN = "halden-brook.example"
SUBDOMAIN = "halden-brook"
API_EMAIL = f"api@{DOMAIN}"

CURRENCIES = (
    Currency(1, "USD", "US Dollar", Decimal("1.000000"), base=True),
    Currency(2, "CAD", "Canadian Dollar", Decimal("1.360000")),
    Currency(3, "EUR", "Euro", Decimal("0.920000")),
    Currency(4, "SEK", "Swedish Krona", Decimal("10.450000")),
)
USD, CAD, EUR, SEK = CURRENCIES
# The company's Odoo knows these; it has SEK too, but archived.
BOOK_CURRENCIES = ("USD", "CAD", "EUR")

LOCATIONS = (
    Location(
        2, "Tacoma Works", "P-TAC", "America/Los_Angeles", 1,
        "1200 Foundry Way", "Tacoma", "98421", "United States", headquarter=True,
    ),
    Location(
        3, "Laredo Stamping", "P-LAR", "America/Chicago", 1,
        "77 Mesquite Road", "Laredo", "78045", "United States",
    ),
    Location(
        4, "Moncton Castings", "P-MON", "America/Moncton", 2,
        "9 Tidal Bore Lane", "Moncton", "E1C 1A1", "Canada",
    ),
    Location(
        5, "Wörth Gearbox", "P-WOE", "Europe/Berlin", 3,
        "Zahnradstraße 18", "Wörth", "76744", "Germany",
    ),
    Location(
        6, "Västerås Finishing", "P-VAS", "Europe/Stockholm", 4,
        "Slipgatan 4", "Västerås", "721 30", "Sweden",
    ),
)  # fmt: skip

DEPARTMENT_NAMES = (
    ("Maintenance", "MNT"),
    ("Production", "PRD"),
    ("Quality", "QUA"),
    ("Logistics", "LOG"),
    ("Office", "OFF"),
)
# (plant, department) without an analytic account.
NOT_A_COST_CENTRE = {(5, "Quality"), (6, "Office")}


def _departments() -> tuple[Department, ...]:
    found: list[Department] = []
    for location in LOCATIONS:
        for name, short in DEPARTMENT_NAMES:
            in_books = (location.id, name) not in NOT_A_COST_CENTRE
            external_id = f"{location.external_id[2:]}-{short}"
            department = Department(
                7 + len(found),
                name,
                location.id,
                external_id if in_books else None,
                in_books=in_books,
            )
            found.append(department)
    return tuple(found)


DEPARTMENTS = _departments()

ASSET, EXPENSE, OTHER_TYPE = 0, 2, 5
DIRECT = "expense_direct_cost"
ACCOUNT_CODES = (
    AccountCode(10, "6400", "Information technology", EXPENSE, "expense"),
    AccountCode(11, "1400", "Raw material stock", ASSET, "asset_current"),
    AccountCode(12, "1410", "Spare part stock", ASSET, "asset_current"),
    AccountCode(13, "1650", "Machine tools", ASSET, "asset_fixed"),
    AccountCode(14, "1680", "Vehicles and lifting gear", ASSET, "asset_fixed"),
    AccountCode(15, "5100", "Steel and castings", EXPENSE, DIRECT),
    AccountCode(16, "5110", "Bearings and seals", EXPENSE, DIRECT),
    AccountCode(17, "5120", "Cutting tools", EXPENSE, DIRECT),
    AccountCode(18, "5200", "Subcontracted machining", EXPENSE, DIRECT),
    AccountCode(19, "5300", "Freight in", EXPENSE, DIRECT),
    AccountCode(20, "5310", "Customs and brokerage", EXPENSE, DIRECT),
    AccountCode(21, "6010", "Machine maintenance", EXPENSE, "expense"),
    AccountCode(22, "6020", "Building maintenance", EXPENSE, "expense"),
    AccountCode(23, "6030", "Lubricants and coolant", EXPENSE, "expense"),
    AccountCode(24, "6100", "Electricity and gas", EXPENSE, "expense"),
    AccountCode(25, "6200", "Safety equipment", EXPENSE, "expense"),
    AccountCode(26, "6210", "Calibration and testing", EXPENSE, "expense"),
    AccountCode(27, "6300", "Packaging", EXPENSE, "expense"),
    AccountCode(28, "6310", "Pallets and crates", EXPENSE, "expense"),
    AccountCode(29, "6410", "Software subscriptions", EXPENSE, "expense", parent=10),
    AccountCode(30, "6420", "Computer equipment", EXPENSE, "expense", parent=10),
    AccountCode(31, "6500", "Office supplies", EXPENSE, "expense"),
    AccountCode(32, "6510", "Travel and meals", EXPENSE, "expense"),
    AccountCode(33, "6520", "Training", EXPENSE, "expense"),
    AccountCode(34, "7450", "Plant trials", OTHER_TYPE, None),
    AccountCode(35, "7990", "Suspense", OTHER_TYPE, None),
    AccountCode(36, "6999", "Old sundry", EXPENSE, None, active=False),
)

SALES_TAX = Tax(4, "Sales tax", Decimal("8.25"))
GST = Tax(5, "GST", Decimal(5))
VAT = Tax(6, "VAT", Decimal(20))
VAT_INCLUDED = Tax(7, "VAT incl.", Decimal(19), inclusive=True)
ECO_LEVY = Tax(9, "Eco levy", Decimal(3), in_books=False)
TAXES = (SALES_TAX, GST, VAT, VAT_INCLUDED, ECO_LEVY)

PAYMENT_TERMS = (
    PaymentTerm(11, "Net 30", 30),
    PaymentTerm(12, "Net 45", 45),
    PaymentTerm(13, "Due on receipt", 0),
)

PEOPLE = (
    Person(15, "Maren", "Okoye", 7),
    Person(16, "Tobias", "Lindqvist", 14),
    Person(17, "Ines", "Carvalho", 19),
    Person(18, "Yuki", "Tanabe", 23),
    Person(21, "Priya", "Raman", 11),
    Person(22, "Émile", "Gaudreau", 18),
)
API_PERSON = PEOPLE[4]
APPROVER = PEOPLE[5]

# What each kind of purchase is called, how it is counted and its range of prices.
GOODS: dict[str, tuple[tuple[str, str, int, int], ...]] = {
    "1400": (("Cold-rolled sheet 2 mm", "sheet", 40, 180),),
    "1410": (("Spindle cartridge", "each", 300, 1900),),
    "1650": (("Bench lathe, refurbished", "each", 4200, 18000),),
    "1680": (("Electric pallet truck", "each", 1800, 5200),),
    "5100": (("Grey iron casting GJL-250", "each", 12, 95),),
    "5110": (
        ("Bearing 6204 2RS", "each", 3, 22),
        ("Radial seal 35×52×7", "each", 2, 9),
    ),
    "5120": (("Carbide insert CNMG 120408", "box", 60, 140),),
    "5200": (("Gear hobbing, subcontracted", "hour", 55, 130),),
    "5300": (("Inbound freight", "each", 80, 900),),
    "5310": (("Customs clearance", "each", 45, 260),),
    "6010": (("Hydraulic pump overhaul", "each", 350, 2600),),
    "6020": (("Roof repair, hall 3", "each", 400, 6000),),
    "6030": (("Cutting oil ISO 22", "drum", 210, 480),),
    "6100": (("Electricity, metered", "kWh", 1, 2),),
    "6200": (("Safety gloves, cut level D", "pair", 4, 19),),
    "6210": (("Calibration of micrometer", "each", 30, 120),),
    "6300": (("Corrugated box 400×300", "each", 1, 4),),
    "6310": (("Euro pallet", "each", 9, 24),),
    "6400": (("Network switch, 24 ports", "each", 240, 900),),
    "6410": (("Drawing software, yearly seat", "seat", 150, 1400),),
    "6420": (("Docking station", "each", 90, 260),),
    "6500": (("Paper A4, recycled", "box", 18, 40),),
    "6510": (("Meals during audit", "each", 12, 85),),
    "6520": (("Crane operator course", "person", 180, 640),),
    "6999": (("Sundry, old contract", "each", 20, 200),),
    "7450": (("Trial batch, new alloy", "each", 300, 2400),),
}
# Codes that an ordinary bill is coded on.
ORDINARY_CODES = tuple(
    account.code
    for account in ACCOUNT_CODES
    if account.book_type and account.code in GOODS and account.code != "1650"
)
REMARKS = (
    "",
    "",
    "Deliver to dock 2",
    '<b>Urgent</b> & fragile: see "terms"',
    "Zahlbar ohne Abzug – Grüße",
    "שולם חלקית",
    "Thanks 🚚",
)
