"""Which record here each kind of a remote Odoo's master data becomes: a table.

The values come from rows of ``procurify.mirror``. What a version does not say (the key
is missing in a row) stays here as it is.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_NOT_IN_CODES = re.compile(r"[^A-Za-z0-9.]")


def account_code(code):
    """Return a code as Odoo 19 takes it: of letters, digits and dots."""
    return _NOT_IN_CODES.sub(".", code)


class Waits(Exception):
    """Raised where a row names another one that has no record here.

    :param kind: of the other row
    :param remote_id: of the other row
    """

    def __init__(self, kind, remote_id):
        super().__init__(kind, remote_id)
        self.kind = kind
        self.remote_id = remote_id


@dataclass(frozen=True)
class Said:
    """What a row says under a key, as it is."""

    key: str

    def __call__(self, said, _local_ids):
        return said[self.key] or False


class Number(Said):
    """A number; rows have it as a text."""

    def __call__(self, said, _local_ids):
        return float(said[self.key] or 0)


class Choice(Said):
    """Whether a price includes a tax, which is a word here."""

    def __call__(self, said, _local_ids):
        return "tax_included" if said[self.key] else "tax_excluded"


class Code(Said):
    """The code of an account."""

    def __call__(self, said, _local_ids):
        return account_code(said[self.key]) or False


@dataclass(frozen=True)
class Ref:
    """The record here of another row.

    :param kind: of the other row
    """

    kind: str
    key: str

    def named(self, said):
        """Return the remote ids that a row names."""
        return [said[self.key]] if said.get(self.key) else []

    def __call__(self, said, local_ids):
        """Return the local id.

        :raises Waits: there is none
        """
        found = [_local_id(self.kind, each, local_ids) for each in self.named(said)]
        return found[0] if found else False


class Refs(Ref):
    """The records here of several other rows."""

    def named(self, said):
        return said.get(self.key) or []

    def __call__(self, said, local_ids):
        return [_local_id(self.kind, each, local_ids) for each in self.named(said)]


def _local_id(kind, remote_id, local_ids):
    if (kind, remote_id) not in local_ids:
        raise Waits(kind, remote_id)
    return local_ids[kind, remote_id]


@dataclass(frozen=True)
class Parts(Refs):
    """Records that exist only in their owner, such as the lines of a payment term.

    :param added: values of all parts of this field
    :param complete: takes and returns the values of the parts of one owner
    """

    added: Mapping[str, Any] = field(default_factory=dict)
    complete: Callable = lambda values: values


@dataclass(frozen=True)
class Local:
    """What one kind becomes.

    :param values: {field here: what it gets}
    :param same: the fields by which a record that exists already is the same one; none:
        no record is
    :param fits: (record, values) → whether a record with the same fields is the same
    :param parts: {field here: its parts}
    :param is_shared: whether all companies use it: it is found or made, and activated,
        but neither changed nor archived
    :param is_company: whether it is the company itself
    :param only: {key: values} of the rows that become a record
    :param first: fields that are written while they are empty
    :param defaults: {field: method that returns its value where no row says it}
    :param is_removed: whether what is gone there is deleted; else it is archived
    """

    model: str
    values: Mapping[str, Callable]
    same: tuple[str, ...] = ()
    fits: Callable = lambda _record, _values: True
    parts: Mapping[str, Parts] = field(default_factory=dict)
    is_shared: bool = False
    is_company: bool = False
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    first: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)
    is_removed: bool = False

    def is_wanted(self, said):
        """Return whether a row becomes a record."""
        return all(said.get(key) in values for key, values in self.only.items())

    def named(self, said):
        """Yield (kind, remote id) of all rows that a row names."""
        for source in (*self.values.values(), *self.parts.values()):
            if isinstance(source, Ref):
                for remote_id in source.named(said):
                    yield source.kind, remote_id

    def values_of(self, said, local_ids):
        """Return {field: value} for a row, without its parts.

        :param said: {key: value} of a row
        :param local_ids: {(kind, remote id): local id}
        :raises Waits: a row that it names has no record here
        """
        return {
            name: source(said, local_ids)
            for name, source in self.values.items()
            if source.key in said
        }


def _with_percents(lines):
    """Say a line of the balance, as 14 to 16 have it, as a share of 100 %."""
    shares = [line["value_amount"] for line in lines if line["value"] == "percent"]
    rest = {"value": "percent", "value_amount": 100 - sum(shares)}
    return [line | rest if line["value"] == "balance" else line for line in lines]


def _numbered(lines):
    """Keep the order that the lines have in the remote."""
    return [line | {"sequence": n} for n, line in enumerate(lines, start=1)]


def _said(*names, **others):
    same = {name: Said(name) for name in names}
    return same | {name: Said(key) for name, key in others.items()}


def _is_same_size(unit, values):
    """Return whether a unit contains as much of its base as ``values`` say.

    A unit without a base has no size, so its name says all.
    """
    base = unit.browse(values["relative_uom_id"] or ())
    if not base:
        return True
    roots = {each.parent_path.partition("/")[0] for each in (unit, base)}
    size = values["relative_factor"]
    return len(roots) == 1 and abs(unit.factor / base.factor / size - 1) < 1e-5


PARTS = {
    "tax_line": Local(
        "account.tax.repartition.line",
        _said(repartition_type="name", use_in_tax_closing="in_closing")
        | {
            "factor_percent": Number("percent"),
            "account_id": Ref("account", "account"),
        },
    ),
    "payment_term_line": Local(
        "account.payment.term.line",
        _said(value="name", delay_type="delay", days_next_month="day_of_month")
        | {"nb_days": Number("days"), "value_amount": Number("amount")},
    ),
}
#: In the order in which they are made: each names only its own kind or those before it.
LOCALS = {
    "country": Local("res.country", _said("code"), ("code",), is_shared=True),
    "currency": Local(
        "res.currency",
        _said("name", symbol="name", active="is_active")
        | {"rounding": Number("rounding")},
        ("name",),
        is_shared=True,
    ),
    "unit": Local(
        "uom.uom",
        _said("name", active="is_active")
        | {"relative_factor": Number("factor"), "relative_uom_id": Ref("unit", "base")},
        ("name",),
        fits=_is_same_size,
        is_shared=True,
    ),
    "plan": Local(
        "account.analytic.plan",
        _said("name") | {"parent_id": Ref("plan", "parent")},
        ("name", "parent_id"),
        is_shared=True,
    ),
    "company": Local(
        "res.company",
        _said(
            tax_calculation_rounding_method="tax_rounding",
            fiscalyear_lock_date="locked",
            tax_lock_date="tax_locked",
            sale_lock_date="sale_locked",
            purchase_lock_date="purchase_locked",
        )
        | {"country_id": Ref("country", "country")},
        is_company=True,
        first=("country_id",),
    ),
    "account": Local(
        "account.account",
        _said("name", "reconcile", account_type="type", active="is_active")
        | {"code": Code("code"), "currency_id": Ref("currency", "currency")},
        ("code",),
    ),
    "rate": Local(
        "res.currency.rate",
        _said("name")
        | {"rate": Number("rate"), "currency_id": Ref("currency", "currency")},
        ("currency_id", "name"),
        is_removed=True,
    ),
    "tax": Local(
        "account.tax",
        _said("name", "amount_type", "type_tax_use", active="is_active")
        | _said("include_base_amount", "is_base_affected", "sequence")
        | {
            "amount": Number("amount"),
            "price_include_override": Choice("price_include"),
            "children_tax_ids": Refs("tax", "children"),
        },
        ("name", "amount", "amount_type", "type_tax_use"),
        parts={
            "invoice_repartition_line_ids": Parts(
                "tax_line", "invoice_lines", {"document_type": "invoice"}, _numbered
            ),
            "refund_repartition_line_ids": Parts(
                "tax_line", "refund_lines", {"document_type": "refund"}, _numbered
            ),
        },
        defaults={"tax_group_id": "_default_tax_group"},
    ),
    "journal": Local(
        "account.journal",
        _said("name", "code", "type", active="is_active")
        | {
            "currency_id": Ref("currency", "currency"),
            "default_account_id": Ref("account", "account"),
        },
        ("code", "type"),
        only={"type": ("purchase", "general")},
    ),
    "payment_term": Local(
        "account.payment.term",
        _said("name", "early_discount", "discount_days", active="is_active")
        | {"discount_percentage": Number("discount_percentage")},
        ("name",),
        parts={
            "line_ids": Parts("payment_term_line", "lines", complete=_with_percents)
        },
    ),
    "analytic_account": Local(
        "account.analytic.account",
        _said("name", "code", active="is_active") | {"plan_id": Ref("plan", "plan")},
        ("name", "code"),
        defaults={"plan_id": "_default_plan"},
    ),
    # Of 14 and 15, which have no plans: beside its account, a line can have tags.
    "tag": Local(
        "account.analytic.account",
        _said("name", active="is_active"),
        ("name",),
        defaults={"plan_id": "_default_tag_plan"},
    ),
    "product": Local(
        "product.product",
        _said("name", "barcode", "type", active="is_active")
        | _said(default_code="code", purchase_ok="is_purchased")
        | {
            "uom_id": Ref("unit", "unit"),
            "supplier_taxes_id": Refs("tax", "taxes"),
            "property_account_expense_id": Ref("account", "account"),
        },
    ),
    "partner": Local(
        "res.partner",
        _said("name", "email", "is_company", "type", active="is_active")
        | _said(ref="code", vat="tax_number")
        | {
            "country_id": Ref("country", "country"),
            "parent_id": Ref("partner", "parent"),
            "property_supplier_payment_term_id": Ref("payment_term", "payment_term"),
            "property_account_payable_id": Ref("account", "payable"),
            "property_purchase_currency_id": Ref("currency", "currency"),
        },
    ),
}
#: Model → the fields that people do not write on a record of a remote Odoo.
MIRRORED = {
    local.model: frozenset(local.values)
    | local.parts.keys()
    | {"company_id", "company_ids"}
    for local in (*LOCALS.values(), *PARTS.values())
    if not local.is_shared and not local.is_company
}
MIRRORED["account.tax"] |= {"repartition_line_ids"}
MIRRORED["product.template"] = MIRRORED["product.product"]
