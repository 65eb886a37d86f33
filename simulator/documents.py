"""The JSON of master data, field for field as the specification has it.

Numbers follow the specification too: some decimals are strings with a fixed number of
digits, others are JSON numbers. Optional fields that are not nullable are omitted
when there is nothing to say, as the published samples do.
"""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

from . import full_depth, pdf, tenant_time
from .manufacturer import (
    API_PERSON,
    COMPANY,
    CURRENCIES,
    DEPARTMENTS,
    DOMAIN,
    LOCATIONS,
    PEOPLE,
    SUBDOMAIN,
)
from .model import Attachment

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from .dataset import Account, Dataset
    from .model import (
        AccountCode,
        Bill,
        Currency,
        Department,
        Location,
        PaymentTerm,
        Person,
        Vendor,
    )

Json = dict[str, Any]

_LOCATIONS = {location.id: location for location in LOCATIONS}
_DEPARTMENTS = {department.id: department for department in DEPARTMENTS}
_CURRENCIES = {currency.id: currency for currency in CURRENCIES}
_PEOPLE = {person.id: person for person in PEOPLE}


def fixed(value: Decimal, places: int) -> str:
    """Return a decimal as a string with that many digits after the point."""
    return f"{value:.{places}f}"


def number(value: Decimal) -> float:
    """Return a decimal as a JSON number."""
    return float(value)


# --- currencies and places --------------------------------------------------------


def currency(record: Currency) -> Json:
    return {
        "id": record.id,
        "name": record.name,
        "description": record.description,
        "rate": fixed(record.rate, 6),
        "base": record.base,
        "active": record.active,
    }


def currency_by_id(currency_id: int) -> Json:
    return currency(_CURRENCIES[currency_id])


def location(record: Location) -> Json:
    address = {
        "id": record.id * 10,
        "name": record.name,
        "addressLineOne": record.street,
        "city": record.city,
        "postalCode": record.postal_code,
        "state_province": "",
        "country": record.country,
    }
    return {
        "id": record.id,
        "name": record.name,
        "url": None,
        "logo": "",
        "currency": currency_by_id(record.currency_id),
        "phoneOne": "+1 555 0100",
        "fax": None,
        "email": f"plant{record.id}@{DOMAIN}",
        "primary_billing_address": address,
        "primary_shipping_address": {**address, "id": record.id * 10 + 1},
        "shipping_addresses": [{**address, "id": record.id * 10 + 1}],
        "language": 1,
        "locationTimezone": record.time_zone,
        "headquarter": record.headquarter,
        "department_count": sum(d.location_id == record.id for d in DEPARTMENTS),
        "active": record.active,
        "external_id": record.external_id,
    }


def department(record: Department) -> Json:
    place = _LOCATIONS[record.location_id]
    return {
        "id": record.id,
        "branch": {
            "id": place.id,
            "name": place.name,
            "headquarter": place.headquarter,
        },
        "external_id": record.external_id,
        "name": record.name,
        "active": record.active,
        "punchout_email": None,
    }


def department_summary(department_id: int) -> Json:
    """Return the shorter form that documents embed."""
    record = _DEPARTMENTS[department_id]
    place = _LOCATIONS[record.location_id]
    return {
        "id": record.id,
        "branch": {"id": place.id, "name": place.name},
        "external_id": record.external_id,
        "name": record.name,
        "punchout_email": None,
        "active": record.active,
    }


def location_of(department_id: int) -> Location:
    return _LOCATIONS[_DEPARTMENTS[department_id].location_id]


# --- accounts ---------------------------------------------------------------------


def account_code(record: AccountCode) -> Json:
    return {
        "id": record.id,
        "applied_accounts_count": len(DEPARTMENTS),
        "code": record.code,
        "code_length": len(record.code),
        "description": record.description,
        "account_type": record.account_type,
        "active": record.active,
        "parent": record.parent,
    }


@dataclass(frozen=True, slots=True)
class Renderer:
    """Documents that refer to other records of the data set."""

    dataset: Dataset

    def account(self, record: Account) -> Json:
        """Return a row of the list of accounts."""
        return {
            **self._account(record),
            "department": department(_DEPARTMENTS[record.department_id]),
            "budget": "0.00",
            "budget_used_approved": "0.00",
            "budget_used_purchased": "0.00",
            "balance_approved": "0.00",
            "balance_purchased": "0.00",
        }

    def budget(self, code: str, department_id: int, day: date) -> Json:
        """Return the account as a document of that day embeds it."""
        record = self.dataset.account(code, department_id, day)
        return {
            **self._account(record),
            "department": department_summary(department_id),
            **full_depth.NO_BUDGET,
        }

    def _account(self, record: Account) -> Json:
        starts, ends = record.starts, record.ends
        return {
            "id": record.id,
            "account_code": account_code(self.dataset.account_code(record.code)),
            "start_datetime": starts and tenant_time.text(tenant_time.at(starts)),
            "end_datetime": ends and tenant_time.text(tenant_time.at(ends, 23, 59, 59)),
            "active": record.active and ends is None,
        }


# --- vendors ----------------------------------------------------------------------


def vendor(record: Vendor) -> Json:
    """Return the fields that all forms of a vendor share."""
    return {
        "id": record.id,
        "name": record.name,
        "active": record.active,
        "addressLineOne": record.street,
        "addressLineTwo": "",
        "postalCode": record.postal_code,
        "city": record.city,
        "state_province": record.state,
        "country": record.country,
        "phoneOne": record.phone,
        "phoneTwo": None,
        "fax": None,
        "email": [record.email] if record.email else [],
        "comments": None,
        "contact": record.contact,
        "url": None,
        "external_id": record.external_id,
        "dateModified": tenant_time.text(tenant_time.local(record.modified)),
        "currency": record.currency_id,
        "payment_term_ref": payment_term(record.payment_term),
        "shipping_term_ref": None,
        "payment_method_ref": None,
        "shipping_method_ref": None,
        "payment_methods": [],
        "tax": None,
        "type": record.type,
        "default_payment_method": None,
        "creditcards": [],
        "is_1099_eligible": record.is_1099,
        "is_auto_email_po_enabled": False,
        "po_pdf_labels": "",
        **full_depth.vendor(record.id, currency_by_id(record.currency_id or 1)),
    }


def vendor_row(record: Vendor) -> Json:
    """Return a row of the list, where the score is a string."""
    return {
        **vendor(record),
        **full_depth.vendor_request(record.id),
        "overall_score": _score(record),
    }


def vendor_embedded(record: Vendor) -> Json:
    """Return the form that bills embed, where the score is a number."""
    score = _score(record)
    return {**vendor(record), "overall_score": None if score is None else float(score)}


def vendor_detail(record: Vendor) -> Json:
    requested = full_depth.vendor_request(record.id)
    return {**vendor_embedded(record), **requested, "performance": None}


def _score(record: Vendor) -> str | None:
    return "4.500" if record.id % 4 == 0 else None


def payment_term(term: PaymentTerm | None) -> Json | None:
    if term is None:
        return None
    return {"id": term.id, "name": term.name, "description": "", "active": True}


# --- people and files -------------------------------------------------------------


def person(person_id: int) -> Person:
    return _PEOPLE[person_id]


def user(record: Person) -> Json:
    """Return the few fields that everything about a person has."""
    return {
        "id": record.id,
        "firstName": record.first_name,
        "lastName": record.last_name,
        "email": f"{record.first_name.lower()}@{DOMAIN}".replace("é", "e"),
    }


def user_summary(record: Person) -> Json:
    """Return the profile form; `user` is the other id that people have."""
    return {
        **user(record),
        "department": department_summary(record.department_id),
        **full_depth.person(record),
        "is_active": True,
        "user": record.id + 100,
    }


def user_row(record: Person) -> Json:
    """Return the form that the list of bills embeds."""
    home = _DEPARTMENTS[record.department_id]
    return {
        **user(record),
        "profile_image": full_depth.image(f"people/{record.id}"),
        "department_name": home.name,
        "branch_name": _LOCATIONS[home.location_id].name,
    }


def me() -> Json:
    """Return the profile of the user who made the credentials."""
    home = _DEPARTMENTS[API_PERSON.department_id]
    return {
        **user(API_PERSON),
        "domains": {
            "active": False,
            "procurify_domains": [{"subdomain": SUBDOMAIN, "name": COMPANY}],
        },
        "headquarter_logo": "",
        "systemaccess_cache": {"structured": {}},
        "is_approval_delegatee": False,
        "department": {
            **department(home),
            "branch": location(_LOCATIONS[home.location_id]),
        },
        "position": None,
        "is_active": True,
        "pending_invite": False,
        "user": API_PERSON.id + 100,
    }


def attachment_path(record: Attachment) -> str:
    """Return the path, as addresses have it: encoded."""
    return f"/media/att/{record.uuid}/{quote(record.name)}"


def slip_files(bills: list[Bill]) -> dict[str, Attachment]:
    """Return the packing slips of the lines of bills, by their path."""
    return {
        slip["file"]: Attachment(slip["id"], UUID(slip["uuid"]), slip["name"])
        for bill in bills
        for item in bill.items
        for slip in full_depth.packing_slips(item.id)
    }


def attachment_content(record: Attachment) -> bytes:
    """Return the file: a page with its name, always the same for an attachment."""
    if record.content is not None:
        return record.content
    return pdf.page(record.name, "Scan of a simulated Procurify", str(record.uuid))


def signature(record: Attachment) -> str:
    """Return what the storage host wants to see in an address."""
    return record.uuid.hex[::-1][:16]


def stored_address(record: Attachment, storage_url: str) -> str:
    return f"{storage_url}{attachment_path(record)}?signature={signature(record)}"


def attachment_type(record: Attachment) -> str:
    return mimetypes.guess_type(record.name)[0] or "application/octet-stream"


def attachment(record: Attachment, storage_url: str) -> Json:
    content = attachment_content(record)
    stored = record.place == "storage"
    length = record.declared_length
    return {
        "id": record.id,
        "uuid": str(record.uuid),
        "file": stored_address(record, storage_url)
        if stored
        else attachment_path(record),
        "name": record.name,
        "user": API_PERSON.id,
        "mimetype": attachment_type(record),
        "length": len(content) if length is None else length,
        "sha1_hash": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        "description": "",
        "created_at": full_depth.STAMP,
    }
