"""What a remote Odoo is, and what its API user lacks: a list with a name for each.

An access check is not enough: in Odoo 19 a purchase user without Invoicing passes that
for bills. So the groups are asked for as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .errors import Denied, Incompatible

if TYPE_CHECKING:
    from .client import RemoteOdoo
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
    user = _one(remote, "res.users", uid, "name", "email", "company_id", "company_ids")
    company_id, company = user["company_id"]
    currency = _one(remote, "res.company", company_id, "currency_id")["currency_id"]
    missing_apps = _missing_apps(remote)
    missing = [Missing("app", APPS[model]) for model in missing_apps]
    missing += _missing_groups(remote, missing_apps)
    missing += _missing_rights(remote, missing_apps)
    missing += _missing_fields(remote, missing_apps)
    if remote.dialect.needs_email and not user["email"]:
        missing.append(Missing("email", user["name"]))
    expires, keys = _keys(remote, uid)
    return Findings(
        version=remote.version,
        protocol=remote.protocol,
        user=user["name"],
        company_id=company_id,
        company=company,
        currency=currency[1],
        companies=len(user["company_ids"]),
        price_digits=_price_digits(remote, missing_apps),
        missing=tuple(missing),
        key_expires=expires,
        keys=keys,
    )


def _one(remote: RemoteOdoo, model: str, record_id: int, *fields: str) -> Any:
    [row] = remote.call(model, "read", [record_id], fields=list(fields))
    return row


def _missing_apps(remote: RemoteOdoo) -> list[str]:
    """Return the models of :data:`APPS` that the remote does not have."""
    missing = []
    for model in APPS:
        try:
            remote.fields(model, ["id"])
        except Incompatible:
            missing.append(model)
    return missing


def _missing_groups(remote: RemoteOdoo, apps: list[str]) -> list[Missing]:
    """Return the groups that the API user is not in, except those of missing apps."""
    missing = []
    modules = {model.partition(".")[0] for model in apps}
    is_new = remote.version.series >= _GROUPS_RENAMED_IN
    for group, names in GROUPS.items():
        is_there = group.partition(".")[0] not in modules
        if is_there and not remote.is_member(group):
            missing.append(Missing("group", names[is_new], group))
    return missing


def _missing_rights(remote: RemoteOdoo, apps: list[str]) -> list[Missing]:
    """Return the rights on models that the API user does not have."""
    wanted = {"read": _READ, "create": _CREATE, "write": _WRITE}
    return [
        Missing(operation, model)
        for operation, models in wanted.items()
        for model in models
        if model not in apps and not _may(remote, model, operation)
    ]


def _may(remote: RemoteOdoo, model: str, operation: str) -> bool:
    """Return whether the API user has the right; nobody has one on a missing model."""
    try:
        return remote.may(model, operation)
    except Incompatible:
        return False


def _missing_fields(remote: RemoteOdoo, apps: list[str]) -> list[Missing]:
    """Return the fields that this version should have and this server does not."""
    missing = []
    for model, names in remote.dialect.fields_used().items():
        if model.removesuffix(".line") in apps:
            continue
        try:
            found = remote.fields(model, names)
        except Incompatible:
            continue  # named as a missing right
        missing += [
            Missing("field", f"{model}.{name}") for name in names if name not in found
        ]
    return missing


def _price_digits(remote: RemoteOdoo, apps: list[str]) -> dict[str, int | None]:
    models = [model for model in APPS if model not in apps]
    return {
        model: remote.fields(f"{model}.line", ["price_unit"])["price_unit"].digits
        for model in models
    }


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
