"""What a remote Odoo is, and what its API user lacks: a list with a name for each.

An access check is not enough: in Odoo 19 a purchase user without Invoicing passes that
for bills. So the groups are asked for as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from .errors import Denied, Incompatible

if TYPE_CHECKING:
    from .client import Field, RemoteOdoo
    from .versions import Version

_READ = (
    "res.partner",
    "res.currency",
    "account.account",
    "account.journal",
    "account.tax",
    "account.payment.term",
    "account.analytic.account",
    "product.product",
)
_CREATE = ("res.partner", "account.move", "purchase.order")
_WRITE = ("account.move", "purchase.order")
#: Model → the app without which it does not exist.
APPS = {"account.move": "Invoicing", "purchase.order": "Purchase"}
#: External id → what it is called on a user's form, up to 17 and from 18 on.
GROUPS = {
    "account.group_account_invoice": ("Billing", "Invoicing"),
    "purchase.group_purchase_user": ("Purchase / User", "Purchase / User"),
    "base.group_partner_manager": ("Contact Creation", "Contact / Creation"),
}
_GROUPS_RENAMED_IN = 18


@dataclass(frozen=True)
class Missing:
    """One thing that the API user or the remote lacks.

    :param kind: ``app``, ``group``, ``read``, ``create``, ``write``, ``field`` or
        ``email``
    :param name: of the app, of the group as people see it, of the model, or of the
        field with its model
    :param technical_name: external id of a group; else ""
    """

    kind: str
    name: str
    technical_name: str = ""


@dataclass(frozen=True)
class Findings:
    """What the probe found.

    :param companies: how many companies the API user may use
    :param price_digits: decimal places of prices by model; None: any number
    :param key_expires: UTC; when the first of the user's keys expires
    :param keys: how many keys the user has; 0 where the version does not say
    """

    version: Version
    protocol: str
    user: str
    company_id: int
    company: str
    currency: str
    companies: int
    price_digits: dict[str, int | None] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    key_expires: datetime | None = None
    keys: int = 0

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def probe(remote: RemoteOdoo) -> Findings:
    """Return what ``remote`` is and what its API user lacks. It only reads.

    :raises RemoteError: the remote cannot be asked at all
    """
    uid = remote.authenticate()
    columns = ("name", "email", "company_id", "company_ids")
    user, *has_app = remote.side_by_side(
        lambda: _one(remote, "res.users", uid, *columns),
        *(partial(_has_model, remote, model) for model in APPS),
    )
    company_id, company = user["company_id"]
    missing_apps = [
        m for m, is_there in zip(APPS, has_app, strict=True) if not is_there
    ]
    currency, keys, groups, rights, fields = remote.side_by_side(
        lambda: _one(remote, "res.company", company_id, "currency_id")["currency_id"],
        lambda: _keys(remote, uid),
        lambda: _missing_groups(remote, missing_apps),
        lambda: _missing_rights(remote, missing_apps),
        lambda: _fields_there(remote, missing_apps),
    )
    missing = [Missing("app", APPS[model]) for model in missing_apps]
    missing += groups + rights + _missing_fields(remote, fields)
    if remote.dialect.needs_email and not user["email"]:
        missing.append(Missing("email", user["name"]))
    return Findings(
        version=remote.version,
        protocol=remote.protocol,
        user=user["name"],
        company_id=company_id,
        company=company,
        currency=currency[1],
        companies=len(user["company_ids"]),
        price_digits={
            model: fields[f"{model}.line"]["price_unit"].digits
            for model in APPS
            if "price_unit" in fields.get(f"{model}.line", {})
        },
        missing=tuple(missing),
        key_expires=keys[0],
        keys=keys[1],
    )


def _one(remote: RemoteOdoo, model: str, record_id: int, *fields: str) -> Any:
    [row] = remote.call(model, "read", [record_id], fields=list(fields))
    return row


def _has_model(remote: RemoteOdoo, model: str) -> bool:
    try:
        remote.fields(model, ["id"])
    except Incompatible:
        return False
    return True


def _missing_groups(remote: RemoteOdoo, apps: list[str]) -> list[Missing]:
    """Return the groups that the API user is not in, except those of missing apps."""
    modules = {model.partition(".")[0] for model in apps}
    is_new = remote.version.series >= _GROUPS_RENAMED_IN
    wanted = [group for group in GROUPS if group.partition(".")[0] not in modules]
    are_in = remote.side_by_side(*(partial(remote.is_member, each) for each in wanted))
    return [
        Missing("group", GROUPS[group][is_new], group)
        for group, is_in in zip(wanted, are_in, strict=True)
        if not is_in
    ]


def _missing_rights(remote: RemoteOdoo, apps: list[str]) -> list[Missing]:
    """Return the rights on models that the API user does not have."""
    wanted = [
        (operation, model)
        for operation, models in (
            ("read", _READ),
            ("create", _CREATE),
            ("write", _WRITE),
        )
        for model in models
        if model not in apps
    ]
    may = remote.side_by_side(
        *(partial(_may, remote, model, operation) for operation, model in wanted)
    )
    return [Missing(*right) for right, has in zip(wanted, may, strict=True) if not has]


def _may(remote: RemoteOdoo, model: str, operation: str) -> bool:
    """Return whether the API user has the right; nobody has one on a missing model."""
    try:
        return remote.may(model, operation)
    except Incompatible:
        return False


def _fields_there(remote: RemoteOdoo, apps: list[str]) -> dict[str, dict[str, Field]]:
    """Return {model: fields} of those that this version should have."""
    wanted = {
        model: names
        for model, names in remote.dialect.fields_used().items()
        if model.removesuffix(".line") not in apps
    }
    found = remote.side_by_side(
        *(partial(_fields_of, remote, *each) for each in wanted.items())
    )
    return {
        model: fields
        for model, fields in zip(wanted, found, strict=True)
        if fields is not None
    }


def _fields_of(
    remote: RemoteOdoo, model: str, names: tuple[str, ...]
) -> dict[str, Field] | None:
    try:
        return remote.fields(model, names)
    except Incompatible:
        return None  # named as a missing right


def _missing_fields(
    remote: RemoteOdoo, there: dict[str, dict[str, Field]]
) -> list[Missing]:
    """Return the fields that this version should have and this server does not."""
    used = remote.dialect.fields_used()
    return [
        Missing("field", f"{model}.{name}")
        for model, found in there.items()
        for name in used[model]
        if name not in found
    ]


def _keys(remote: RemoteOdoo, uid: int) -> tuple[datetime | None, int]:
    """Return when the first of the user's keys expires, and how many there are.

    Odoo does not say which of them it was called with.
    """
    if not remote.dialect.has_expiring_keys:
        return None, 0
    try:
        rows = remote.call(
            "res.users.apikeys",
            "search_read",
            domain=[("user_id", "=", uid)],
            fields=["expiration_date"],
        )
    except Denied:
        return None, 0
    dates = [
        datetime.fromisoformat(row["expiration_date"]).replace(tzinfo=timezone.utc)
        for row in rows
        if row["expiration_date"]
    ]
    return min(dates, default=None), len(rows)
