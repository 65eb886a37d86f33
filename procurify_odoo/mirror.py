"""The master data of a remote Odoo, in the same words for every version.

Read as the API user: what it may not see is not there. A read by ``write_date`` begins
some minutes before the last one ended, because Odoo stamps a row with the beginning of
its transaction, and others see it when that ends. What was deleted, or is hidden now,
is found by comparing the ids.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .client import RemoteOdoo
    from .dialects import Dialect

OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True)
class Kind:
    """One kind of master data, and where this version has it.

    :param name_field: of the remote, as all the fields
    :param code_field: "" if there is none
    :param company_field: to which company a row belongs; "": to all
    :param active_field: "" if rows cannot be archived
    :param active_value: what an active row has there
    :param others: {our name: field}
    """

    name: str
    model: str
    name_field: str = "name"
    code_field: str = ""
    company_field: str = "company_id"
    active_field: str = "active"
    active_value: bool = True
    others: Mapping[str, str] = field(default_factory=dict)

    def columns(self) -> list[str]:
        """Return the fields that are read."""
        named = (
            self.name_field,
            self.code_field,
            self.company_field,
            self.active_field,
        )
        return [*filter(None, named), "write_date", *self.others.values()]

    def domain(self, company_id: int) -> list[Any]:
        """Return which rows a company may use."""
        if not self.company_field:
            return []
        if self.company_field.endswith("_ids"):
            return [(self.company_field, "in", [company_id])]
        return [
            "|",
            (self.company_field, "=", False),
            (self.company_field, "=", company_id),
        ]


@dataclass(frozen=True)
class Row:
    """One row of the remote.

    :param written_at: UTC, as Odoo writes it
    :param values: by our names; ids for relations, texts for amounts
    """

    kind: str
    id: int
    name: str
    code: str
    is_active: bool
    written_at: str
    values: dict[str, Any] = field(default_factory=dict)


def kinds_of(dialect: Dialect) -> dict[str, Kind]:
    """Return the kinds of master data by name; each refers only to those before it."""
    archived_is_active = dialect.account_archived == "active"
    plan = {"plan": "plan_id"} if dialect.has_plans else {}
    kinds = (
        Kind("currency", "res.currency", company_field="", others=_same("rounding")),
        Kind(
            "account",
            "account.account",
            code_field="code",
            company_field=dialect.account_company,
            active_field=dialect.account_archived,
            active_value=archived_is_active,
            others={"type": dialect.account_kind, "currency": "currency_id"},
        ),
        Kind(
            "tax",
            "account.tax",
            others=_same("amount", "amount_type", "type_tax_use", "price_include"),
        ),
        Kind(
            "tax_line",
            "account.tax.repartition.line",
            name_field="repartition_type",
            active_field="",
            others={
                **_same(*dialect.tax_line_owner),
                "percent": "factor_percent",
                "account": "account_id",
            },
        ),
        Kind(
            "journal",
            "account.journal",
            code_field="code",
            others={"type": "type", "currency": "currency_id"},
        ),
        Kind("payment_term", "account.payment.term"),
        Kind(
            "analytic_account",
            "account.analytic.account",
            code_field="code",
            others=plan,
        ),
        Kind(
            "partner",
            "res.partner",
            code_field="ref",
            others={"tax_number": "vat", "parent": "parent_id"},
        ),
    )
    return {kind.name: kind for kind in kinds}


def changed_rows(
    remote: RemoteOdoo, kind: Kind, company_id: int, since: str = ""
) -> Iterator[list[Row]]:
    """Yield the rows in pages that were written since, or all.

    :param since: ``written_at`` of the newest row that is known. Rows from somewhat
        before come again.
    :raises RemoteError: the remote cannot be read
    """
    for page in remote.pages(
        kind.model,
        kind.columns(),
        kind.domain(company_id),
        since=_before(since) if since else "",
        context={"allowed_company_ids": [company_id]},
    ):
        yield [_row(kind, values) for values in page]


def visible_ids(remote: RemoteOdoo, kind: Kind, company_id: int) -> set[int]:
    """Return the ids of all rows that the API user sees now.

    :raises RemoteError: the remote cannot be read
    """
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
    earlier = datetime.fromisoformat(moment) - OVERLAP
    return earlier.strftime("%Y-%m-%d %H:%M:%S")


def _row(kind: Kind, values: Mapping[str, Any]) -> Row:
    is_active = values[kind.active_field] if kind.active_field else kind.active_value
    return Row(
        kind=kind.name,
        id=values["id"],
        name=str(values[kind.name_field] or ""),
        code=str(values[kind.code_field] or "") if kind.code_field else "",
        is_active=is_active == kind.active_value,
        written_at=str(values["write_date"]),
        values={name: _plain(values[there]) for name, there in kind.others.items()},
    )


def _plain(value: Any) -> Any:
    """Return ``value`` as JSON takes it: ids for relations, texts for amounts."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
        return value[0]
    return value
