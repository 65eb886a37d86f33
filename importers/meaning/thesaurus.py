"""What names are about: one idea a line, in English, French, German and Spanish.

The files have lines of ``idea < broader idea, another: phrase | phrase``. A word that
ends with ``*`` stands for all that begin like it. Case, accents and punctuation do not
count. An account of a broader idea is a second choice: broadband is booked on
*Telephone*, or else on *Utilities*.
"""

from pathlib import Path

ACCOUNTS = Path(__file__).with_name("accounts.txt")
DEPARTMENTS = Path(__file__).with_name("departments.txt")

# Which a name does not leave unsaid: an account that says one which the name does not
# say is another account, and the other way round.
DECISIVE = frozenset(
    (
        *("accrued", "advance", "bad debts", "construction", "deposit"),
        *("depreciation", "director", "discount", "extraordinary", "finance lease"),
        *("finished goods", "loan"),
        *("gain", "group", "impairment", "income tax", "insurance", "interest", "loss"),
        *("non deductible", "owner", "penalties", "prepaid", "property tax"),
        *("receivable", "sales tax", "stock", "stock change", "tax", "vehicle tax"),
        "work in progress",
    )
)

# They count for less than the thing itself: a chair for the office is furniture.
LIGHT = frozenset(("employee", "foreign", "movable", "other", "premises", "services"))

# A name that says the one without any object means the other.
UNSAID = {"rent": "premises"}

# Words that say nothing.
_FILLERS = """
a al all an and ans as at auf aufwand aufwendung aufwendungen aus ausgaben avec bei
betrieblich betriebliche by charge chargeable charges con cost costs d dans das de
del den der des die du eg eigen ein el en et etc ex excl expense expenses fee fees
for frais from fur gasto gastos gebuhren gross im in incl including inkl item items
kosten l la las le les los mit net non not of on or ou own para per por pour s sans
the to und used von with y zu zum zur
"""
FILLERS = frozenset(_FILLERS.split())
