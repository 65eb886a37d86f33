"""The master data of a remote Odoo, in the same words for every version.

Read as the API user: what it may not see is not there. A read by ``write_date`` begins
some minutes before the last one ended, because Odoo stamps a row with the beginning of
its transaction, and others see it when that ends. Rows that come again for this reason
do so only until this time has passed, see :func:`later`. What was deleted, or is hidden
now, is found by comparing the ids.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from . import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .client import RemoteOdoo
    from .dialects import Dialect

OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True)
class Kind:
    """One kind of master data, and where this version has it.

    :param name_field: of the remote, as all the fields
    :param code_field: "" if there is none
    :param company_field: to which company a row belongs; "": to all
    :param of_parents: whether a branch has what belongs to its parent companies
    :param active_field: "" if rows cannot be archived
    :param active_value: what an active row has there
    :param others: {our name: field}
    :param raw: fields that ``translate`` needs
    :param translate: returns {our name: value} of what the version says in other words
    :param prepare: completes the rows of a page by what others say
    :param is_optional: whether an API user without a right on it has none of it; for
        the others the right is needed
    :param is_part: whether others are made of it: they are read before it
    """

    name: str
    model: str
    name_field: str = "name"
    code_field: str = ""
    company_field: str = "company_id"
    of_parents: bool = False
    active_field: str = "active"
    active_value: bool = True
    others: Mapping[str, str] = field(default_factory=dict)
    raw: tuple[str, ...] = ()
    translate: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    prepare: Callable[[RemoteOdoo, list[dict[str, Any]]], None] | None = None
    is_optional: bool = False
    is_part: bool = False

    def columns(self) -> list[str]:
        """Return the fields that are read."""
        named = (
            self.name_field,
            self.code_field,
            self.company_field,
            self.active_field,
        )
        stamps = ("create_date", "write_date")
        wanted = (*filter(None, named), *stamps, *self.others.values(), *self.raw)
        return [name for name in dict.fromkeys(wanted) if name != "id"]

    def domain(self, company_id: int) -> list[Any]:
        """Return which rows a company may use."""
        if not self.company_field:
            return []
        if self.company_field == "id":
            return [("id", "=", company_id)]
        operator = "parent_of" if self.of_parents else "in"
        is_own = (self.company_field, operator, [company_id])
        if self.company_field.endswith("_ids"):
            return [is_own]
        return ["|", (self.company_field, "=", False), is_own]


@dataclass(frozen=True)
class Row:
    """One row of the remote.

    :param written_at: UTC, as Odoo writes it
    :param created_at: the same; another one says that another record has the id now
    :param values: by our names; ids for relations, texts for amounts
    """

    kind: str
    id: int
    name: str
    code: str
    is_active: bool
    written_at: str
    created_at: str = ""
    values: dict[str, Any] = field(default_factory=dict)


def kinds_of(dialect: Dialect) -> dict[str, Kind]:
    """Return the kinds of master data by name, in the order of their reading.

    What is made of parts comes before its parts: a part that it names is then there.
    """
    kinds = (
        Kind(
            "country",
            "res.country",
            code_field="code",
            company_field="",
            active_field="",
        ),
        Kind("currency", "res.currency", company_field="", others=_same("rounding")),
        _unit(dialect),
        *([_PLAN] if dialect.has_plans else []),
        _company(dialect),
        _account(dialect),
        Kind(
            "rate",
            "res.currency.rate",
            active_field="",
            others={"rate": "rate", "currency": "currency_id"},
        ),
        _tax(dialect),
        Kind(
            "tax_line",
            "account.tax.repartition.line",
            name_field="repartition_type",
            active_field="",
            others={
                **_same(*dialect.tax_line_owner),
                "percent": "factor_percent",
                "account": "account_id",
                "sequence": "sequence",
                "in_closing": "use_in_tax_closing",
            },
            is_part=True,
        ),
        Kind(
            "journal",
            "account.journal",
            code_field="code",
            others={
                "type": "type",
                "currency": "currency_id",
                "account": "default_account_id",
            },
        ),
        _payment_term(dialect),
        Kind(
            "payment_term_line",
            "account.payment.term.line",
            name_field="value",
            company_field="",
            active_field="",
            others={"amount": "value_amount"},
            raw=dialect.term_line_fields,
            translate=words.TERM_LINES[dialect.term_line_fields],
            is_part=True,
        ),
        Kind(
            "analytic_account",
            "account.analytic.account",
            code_field="code",
            others={"plan": "plan_id"} if dialect.has_plans else {},
        ),
        *([] if dialect.has_plans else [_TAG]),
        Kind(
            "product",
            "product.product",
            code_field="default_code",
            others={
                "barcode": "barcode",
                "unit": "uom_id",
                "is_purchased": "purchase_ok",
                "taxes": "supplier_taxes_id",
                "account": "property_account_expense_id",
            },
            raw=("type",),
            translate=words.product_type,
        ),
        Kind(
            "partner",
            "res.partner",
            code_field="ref",
            others={
                "tax_number": "vat",
                "email": "email",
                "country": "country_id",
                "parent": "parent_id",
                "is_company": "is_company",
                "payment_term": "property_supplier_payment_term_id",
                "payable": "property_account_payable_id",
                "currency": "property_purchase_currency_id",
            },
            raw=("type",),
            translate=words.address_type,
        ),
    )
    return {kind.name: replace(kind, of_parents=dialect.has_branches) for kind in kinds}


_PLAN = Kind(
    "plan",
    "account.analytic.plan",
    company_field="",
    active_field="",
    others={"parent": "parent_id"},
    is_optional=True,
)

_TAG = Kind("tag", "account.analytic.tag", is_optional=True)


def _unit(dialect: Dialect) -> Kind:
    if dialect.has_unit_categories:
        return Kind(
            "unit",
            "uom.uom",
            company_field="",
            raw=("category_id", "uom_type", "factor_inv"),
            translate=words.unit_of_category,
            prepare=_find_references,
        )
    others = {"factor": "relative_factor", "base": "relative_uom_id"}
    return Kind("unit", "uom.uom", company_field="", others=others)


def _company(dialect: Dialect) -> Kind:
    return Kind(
        "company",
        "res.company",
        company_field="id",
        active_field="",
        others={
            "tax_rounding": "tax_calculation_rounding_method",
            "country": dialect.company_country,
        },
        raw=dialect.lock_dates,
        translate=words.lock_dates,
    )


def _account(dialect: Dialect) -> Kind:
    is_coded = dialect.account_kind == "user_type_id"
    return Kind(
        "account",
        "account.account",
        code_field="code",
        company_field=dialect.account_company,
        active_field=dialect.account_archived,
        active_value=dialect.account_archived == "active",
        others={
            **({} if is_coded else {"type": dialect.account_kind}),
            "currency": "currency_id",
            "reconcile": "reconcile",
        },
        raw=("user_type_id", "internal_type", "internal_group") if is_coded else (),
        translate=words.account_type if is_coded else None,
    )


def _tax(dialect: Dialect) -> Kind:
    return Kind(
        "tax",
        "account.tax",
        others={
            **_same("amount", "amount_type", "type_tax_use", "price_include"),
            **_same("include_base_amount", *dialect.tax_base_fields, "sequence"),
            "children": "children_tax_ids",
            "invoice_lines": "invoice_repartition_line_ids",
            "refund_lines": "refund_repartition_line_ids",
        },
    )


def _payment_term(dialect: Dialect) -> Kind:
    discount = (
        _same("early_discount", "discount_percentage", "discount_days")
        if dialect.has_early_discount
        else {}
    )
    return Kind(
        "payment_term", "account.payment.term", others={"lines": "line_ids", **discount}
    )


def changed_rows(
    remote: RemoteOdoo,
    kind: Kind,
    company_id: int,
    since: str = "",
    ids: Iterable[int] | None = None,
) -> Iterator[list[Row]]:
    """Yield the rows in pages that were written since, or all.

    :param since: ``written_at`` of the newest row that is known. Rows from somewhat
        before come again.
    :param ids: only of these
    :raises RemoteError: the remote cannot be read
    """
    if kind.is_optional and not remote.may(kind.model, "read"):
        return
    some = [] if ids is None else [("id", "in", sorted(ids))]
    for page in remote.pages(
        kind.model,
        kind.columns(),
        [*kind.domain(company_id), *some],
        since=_before(since) if since else "",
        context={"allowed_company_ids": [company_id]},
    ):
        if kind.prepare:
            kind.prepare(remote, page)
        yield [_row(kind, values) for values in page]


def changes_of(
    remote: RemoteOdoo,
    kinds: Iterable[Kind],
    company_id: int,
    newest: Mapping[str, str],
) -> Iterator[tuple[Kind, Iterator[list[Row]]]]:
    """Yield each kind with its pages, see :func:`changed_rows`, in their order.

    The first pages are read at the same time, those of parts after all others.

    :param newest: {name of a kind: ``written_at`` of the newest row that is known}
    :raises RemoteError: the remote cannot be read
    """
    kinds = list(kinds)
    pages = {
        kind.name: changed_rows(remote, kind, company_id, newest.get(kind.name, ""))
        for kind in kinds
    }
    first: dict[str, list[Row] | None] = {}
    for is_part in (False, True):
        names = [kind.name for kind in kinds if kind.is_part == is_part]
        reads = [partial(next, pages[name], None) for name in names]
        first |= zip(names, remote.side_by_side(*reads), strict=True)
    for kind in kinds:
        page = first.pop(kind.name)
        yield kind, chain([page] if page else [], pages[kind.name])


def later(moment: str, elapsed: timedelta) -> str:
    """Return a moment of the remote's clock, later by what has passed on ours."""
    return _written(datetime.fromisoformat(moment) + elapsed)


def all_visible_ids(
    remote: RemoteOdoo, kinds: Iterable[Kind], company_id: int
) -> list[set[int]]:
    """Return the ids of all rows of each kind that the API user sees now.

    :raises RemoteError: the remote cannot be read
    """
    reads = [partial(visible_ids, remote, kind, company_id) for kind in kinds]
    return remote.side_by_side(*reads)


def visible_ids(remote: RemoteOdoo, kind: Kind, company_id: int) -> set[int]:
    """Return the ids of all rows of a kind that the API user sees now."""
    if kind.is_optional and not remote.may(kind.model, "read"):
        return set()
    found = remote.call(
        kind.model,
        "search",
        domain=kind.domain(company_id),
        context={"active_test": False, "allowed_company_ids": [company_id]},
    )
    return set(found)


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _before(moment: str) -> str:
    return _written(datetime.fromisoformat(moment) - OVERLAP)


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _find_references(remote: RemoteOdoo, page: list[dict[str, Any]]) -> None:
    """Add to units the reference unit of their category."""
    found = remote.call(
        "uom.uom",
        "search_read",
        domain=[("uom_type", "=", "reference")],
        fields=["category_id"],
        context={"active_test": False},
    )
    references = {row["category_id"][0]: row["id"] for row in found}
    for row in page:
        row["reference"] = references.get(row["category_id"][0], False)


def _row(kind: Kind, values: Mapping[str, Any]) -> Row:
    is_active = values[kind.active_field] if kind.active_field else kind.active_value
    ours = {name: _plain(values[there]) for name, there in kind.others.items()}
    if kind.translate:
        ours |= kind.translate(values)
    return Row(
        kind=kind.name,
        id=values["id"],
        name=str(values[kind.name_field] or ""),
        code=str(values[kind.code_field] or "") if kind.code_field else "",
        is_active=is_active == kind.active_value,
        written_at=str(values["write_date"]),
        created_at=str(values["create_date"] or ""),
        values=ours,
    )


def _plain(value: Any) -> Any:
    """Return ``value`` as JSON takes it: ids for relations, texts for amounts."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
        return value[0]
    return value
