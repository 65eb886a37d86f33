"""What Procurify sends besides what books need: the specification at full depth.

A reader that stumbles over such a part must stumble here too. So that answers stay
small, the larger parts come with some objects only, chosen by their id. Text frozen in
another format, addresses of images and nested copies are as a tenant would send them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal

    from .model import AccountCode, Location, Person

Json = dict[str, Any]

STAMP = "2025-06-02T08:15:00-07:00"
DAY = "2025-06-02"
IMAGES = "https://images.storage.example"
NO_BUDGET: Json = {
    "warning_indicator": False,
    "budget": "0.00",
    "budget_used_approved": 0.0,
    "budget_used_purchased": 0.0,
    "balance_approved": "0.00",
    "balance_purchased": "0.00",
}
_STAMPS = {"is_active": True, "created_at": STAMP, "updated_at": STAMP}


def has(number: int, every: int) -> bool:
    """Return whether the object of this id is one of those that have a part."""
    return number % every == 0


# --- people, places, codes --------------------------------------------------------


def person(record: Person) -> Json:
    """Return what the profile of a person says besides who it is."""
    found: Json = {
        "created_at": STAMP,
        "updated_at": STAMP,
        "position": "Buyer" if has(record.id, 2) else None,
        "phone": None,
        "address": None,
        "notifications": True,
        "mobile": False,
        "profile_image": image(f"people/{record.id}"),
        "slack_user_id": "",
        "is_sso_enabled": False,
        "last_changed_by": None,
    }
    if has(record.id, 3):
        delegatee = {"id": 4, "department": None, "email": "stand-in@plants.example"}
        found["approval_delegatee"] = delegatee
        found["expected_return_date"] = DAY
    return found


def image(name: str) -> str:
    return f"{IMAGES}/{name}.png?signature=0a1b2c%3D&expires=1780000000"


def branch(record: Location) -> Json:
    """Return the form of a location that requisitions embed."""
    return {
        "id": record.id,
        "name": record.name,
        "external_id": record.external_id,
        "url": "https://plants.example/",
        "logo": image(f"plants/{record.id}"),
        "language": 1,
        "multipleLocations": True,
        "locationTimezone": record.time_zone,
        "userLimit": 50,
        "budgetOvertureToggle": False,
        "purchase_filtering": False,
        "catalog_permission": True,
        "separate_expense_approval": False,
        "standalone_travel_approval": False,
        "phoneOne": "+1 555 0100",
        "phoneTwo": None,
        "fax": None,
        "email": None,
        "fiscalYearEndDay": 31,
        "fiscalYearEndMonth": 12,
        "beginDate": STAMP,
        "ported": False,
        "port_date": None,
        "active": record.active,
        "activated": True,
        "setup_stage": "FIN",
        "localCurrency": record.currency_id,
        "contactPerson": None,
        "buyerAddress": record.id * 10,
        "shippingAddress": record.id * 10 + 1,
    }


def branch_of_split(record: Location) -> Json:
    """Return the form of a location that the splits of an order's lines embed."""
    return {**branch(record), "timezone": -8, "fields_cache": None}


def nested_code(record: AccountCode, parent: AccountCode | None) -> Json:
    """Return an account code as a split embeds it: its parent is an object there."""
    found = {
        "description": record.description,
        "id": record.id,
        "code": record.code,
        "code_length": len(record.code),
        "account_type": record.account_type,
        "active": record.active,
    }
    if parent is not None:
        found["parent"] = {**nested_code(parent, None), "parent": parent.parent}
    return found


def address(place: Json) -> Json:
    """Return an address with what the specification has besides the postal part."""
    further = {"addressAssociation": 1, "addressLineTwo": "", "last_changed_by": None}
    return {**place, **_STAMPS, **further}


# --- vendors ----------------------------------------------------------------------


def _named(number: int, name: str) -> Json:
    return {"id": number, "name": name, "description": None, "active": True}


def vendor(number: int, currency: Json) -> Json:
    """Return terms, ways of payment and cards; not every vendor has them."""
    if not has(number, 4):
        return {}
    method = number * 10
    return {
        "shipping_term_ref": _named(4, "FOB"),
        "shipping_method_ref": _named(5, "Road"),
        "payment_method_ref": _named(6, "Wire"),
        "payment_methods": [
            {
                "id": method,
                "name": "Main account",
                "type": 1,
                "data": {"account": "not shown", "routing": None},
                "currency": currency,
            }
        ],
        "creditcards": [
            {
                "id": number,
                "uuid": f"00000000-0000-4000-8000-{number:012}",
                "name": "Fleet card",
                "number": "4242",
                "balance": None,
                "gl_code": "",
                "type": 0,
                "category": "virtual",
                "external_id": "",
                "status": None,
                "require_activation": False,
                "last_changed_by": None,
                "vendor": number,
                "payment_method": method,
                "currency": currency["id"],
                "creator": None,
                **_STAMPS,
            }
        ],
    }


def vendor_request(number: int) -> Json:
    """Return, for some vendors, who asked for them: only the list says so."""
    if not has(number, 4):
        return {}
    return {
        "vendor_request": {
            "id": number,
            "requester": "Joan Smith",
            "submitted_date": STAMP,
            "next_approver": "",
            "permissions": {"can_approve": False},
        }
    }


# --- lines and documents ----------------------------------------------------------

_VALUES: tuple[Any, ...] = ("Line 4", 7, 2.5, True, DAY, None, {"choice": 2}, ["a"])
_TYPES = "tifbdtmm"


def custom_fields(number: int) -> list[Json]:
    """Return values of custom fields: of any type at all, and on some objects only."""
    if not has(number, 3):
        return []
    kind = number // 3 % len(_VALUES)
    return [
        {
            "id": number,
            "value": _VALUES[kind],
            "field": {
                "id": 900 + kind,
                "name": f"project_{kind}",
                "content_type": 40,
                "default_value": "",
                "is_required": False,
                "field_choices": [],
                "field_type": _TYPES[kind],
                "field_label": "Project",
                "is_active": True,
            },
        }
    ]


def packing_slips(number: int) -> list[Json]:
    """Return the slips that came with a delivery; they are files of the tenant."""
    if not has(number, 5):
        return []
    return [
        {
            "description": "Packing slip",
            "id": number,
            "uuid": f"00000000-0000-4000-9000-{number:012}",
            "file": f"/media/slips/{number}.pdf",
            "name": f"slip-{number}.pdf",
            "user": 15,
            "mimetype": "application/pdf",
            "length": None,
            "sha1_hash": "",
            "created_at": STAMP,
        }
    ]


def comment(number: int, author: Json) -> Json:
    return {
        "id": number,
        "userprofile": author,
        "comment": "Please <b>check</b> the price.",
        "submit_date": STAMP,
    }


def log(number: int, author: Json, **further: Any) -> Json:
    """Return one entry of what happened to a request or a line."""
    return {
        "id": number,
        "user": author,
        "next_approver": author,
        "nextApprover": author,
        "approval_delegation": None,
        "dateTime": STAMP,
        "action": 1,
        "line_qty_pass": None,
        "line_qty_fail": "0.00000",
        "order": None,
        "lineItem": None,
        "PO": None,
        "inventoryItem": None,
        "stocking_parent": None,
        **further,
    }


def flat_line() -> Json:
    """Return what every form of an order's line has besides what books need."""
    return {
        "approved_currency_rate": None,
        "approved_shipping_amount": None,
        "approved_tax_amount": None,
        "dateInvoiced": None,
        "hot": False,
        "inventoryItem": None,
        "last_changed_by": None,
        "po_note": "",
        "receive_method": 0,
    }


def line(number: int, author: Json, total: Decimal) -> Json:
    """Return what a line has where an order or a bill embeds it."""
    found: Json = {
        "confirmation_status": None,
        "confirmation_status_description": None,
        "date_required": STAMP,
        "has_sibling_items": False,
        "line_comment": "",
        "order_description": "For the plant",
        "order_status": 3,
        "order_uuid": f"00000000-0000-4000-a000-{number:012}",
        "punchout_supplier_icon": None,
        "punchout_supplier_name": None,
        "punchout_system": None,
        "punchout_vendor_reference": None,
        "punchout_supplier_can_update_quantity": False,
        "submitted_date": STAMP,
        "comments": [],
        "logs": [],
    }
    if has(number, 7):
        text = f"{total:.8f}"
        found["comments"] = [comment(number, author)]
        found["logs"] = [log(number, author, lineItem=number)]
        found["cost_details"] = {
            "subtotal": None,
            "total_cost": text,
            "total_cost_in_base_currency": text,
            "tax_amount": "0.00000000",
        }
    return found


def order() -> Json:
    """Return what the header of an order has besides what books need."""
    return {
        "buyer_state_province": "",
        "receiver_state_province": "",
        "vendor_contact": "",
        "vendor_state_province": "",
        "disclaimer_description": None,
        "disclaimer_text": None,
        "staged_for_export": False,
        "purchase_agreement": None,
        "punchout_vendor_reference": None,
        "punchout_supplier_icon": None,
    }


def catalog_item(number: int) -> Json:
    return {
        "image": image(f"items/{number}"),
        "requested_count": number % 9,
        "last_requested_date": STAMP,
        "selected_account": {},
        "custom_fields": custom_fields(number),
    }


def requisition() -> Json:
    return {
        "ip_address": None,
        "punchout_supplier_name": None,
        "punchout_supplier_icon": None,
        "punchout_vendor_reference": None,
    }


def bill() -> Json:
    return {
        "vendor_contact": "",
        "vendor_address_two": "",
        "vendor_state_province": "",
        "payment_method_name": "",
    }


def item(received: str | None, is_unusual: bool) -> Json:
    """Return what a bill's line has besides what books need.

    Its type says nothing: the words that Procurify has for it are not documented.
    """
    found: Json = {
        "same_unit_cost": not is_unusual,
        "is_edited": is_unusual,
        "item_type": 0,
        "type": "item",
        "unit_cost_diff_log": None,
    }
    if received:
        found["received_on"] = received
    if is_unusual:
        found["unit_cost_diff_log"] = {
            "changed_by": "Joan Smith",
            "changed_date": DAY,
            "original_unit_cost": 1.5,
            "original_currency_label": "USD",
        }
    return found
