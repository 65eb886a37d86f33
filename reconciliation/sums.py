"""The sums of a reconciliation: both sides of every place, and why they differ."""

from collections import Counter, defaultdict
from decimal import Decimal

from .comparison import COMPARED, OUTCOMES
from .labels import Labels
from .line import PLAN, place_name
from .sides import DIMENSIONS

# Why an amount may differ between the two sides and yet be explained.
REASONS = tuple(outcome for outcome in OUTCOMES if outcome != "pending")


class Sum:
    """One place of one kind of document: ``procurify - odoo`` is what the explained
    outcomes and ``unexplained`` add up to."""

    def __init__(self):
        self.procurify = self.odoo = self.unexplained = Decimal(0)
        self.explained = defaultdict(Decimal)
        self.count = 0

    @property
    def difference(self):
        """Procurify's amount less Odoo's."""
        return self.procurify - self.odoo

    def add(self, line, place):
        """Add what ``line`` has in ``place``."""
        ours = line.procurify.get(place, Decimal(0))
        odoos = line.odoo.get(place, Decimal(0))
        self.count += 1
        self.procurify += ours
        self.odoo += odoos
        if line.explained:
            self.explained[line.outcome] += ours - odoos
        else:
            self.unexplained += ours - odoos


def sums(lines):
    """Return {(resource, currency, dimension, key): Sum}, in the order of places."""
    found = defaultdict(Sum)
    for line in lines:
        if line.resource in COMPARED:
            for place in dict.fromkeys((*line.procurify, *line.odoo)):
                found[(line.resource, *place)].add(line, place)
    return dict(sorted(found.items(), key=_order))


def _order(item):
    resource, currency, dimension, key = item[0]
    known = dimension in DIMENSIONS
    position = DIMENSIONS.index(dimension) if known else len(DIMENSIONS)
    return resource, currency, position, dimension, str(key)


def counts(lines):
    """Return {resource: {outcome: documents}}, with ``unexplained``.

    What is booked is ``posted`` or among the ``drafts``.
    """
    found = defaultdict(Counter)
    for line in lines:
        found[line.resource][line.outcome] += 1
        found[line.resource]["unexplained"] += not line.explained
        for name, state in (("posted", "posted"), ("drafts", "draft")):
            found[line.resource][name] += (
                line.outcome == "booked" and line.document_state == state
            )
    return found


def sum_rows(env, lines):
    """Return a dict per sum: texts, Decimals, and the id of what its place is."""
    found = sums(lines)
    labels = Labels(env, [place[1:] for place in found])
    return [
        {
            "resource": resource,
            "currency": currency,
            "dimension": dimension if dimension in DIMENSIONS else PLAN,
            "place": place_name(currency, dimension, key),
            "key_id": key if isinstance(key, int) else 0,
            "name": labels.name(dimension, key),
            "document_count": each.count,
            "procurify_amount": each.procurify,
            "odoo_amount": each.odoo,
            "difference": each.difference,
            "unexplained_amount": each.unexplained,
            **{f"{name}_amount": each.explained[name] for name in REASONS},
        }
        for (resource, currency, dimension, key), each in found.items()
    ]


def line_row(line):
    """Return a dict of one Line: texts, Decimals and ids; no amounts by place."""
    ours, odoos = (_total(side) for side in (line.procurify, line.odoo))
    currency = ours or odoos
    return {
        "resource": line.resource,
        "external_id": line.external_id,
        "name": line.name,
        "party": line.party,
        "date": line.date,
        "outcome": line.outcome,
        "reason": line.reason,
        "is_explained": line.explained,
        "record_ref": line.record_id,
        "res_model": line.res_model,
        "res_id": line.res_id,
        "res_name": line.res_name,
        "odoo_state": line.odoo_state,
        "document_state": line.document_state,
        "currency": currency[0] if currency else "",
        "procurify_amount": ours[1] if ours else Decimal(0),
        "odoo_amount": odoos[1] if odoos else Decimal(0),
        "difference": sum(
            (d for p, d in line.differences.items() if p[1] == "total"), Decimal(0)
        ),
    }


def _total(side):
    """Return (currency, amount) of a document's whole, or None."""
    for (currency, dimension, _key), amount in side.items():
        if dimension == "total" and amount:
            return currency, amount
    return None


def plain(value):
    """Return ``value`` as JSON takes it: Decimals and dates as texts."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if hasattr(value, "isoformat") else value
