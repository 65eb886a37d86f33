"""The simulator's own addresses, for other processes: not part of Procurify."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from .access import detail, json_reply
from .traits import ALL_TRAITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .dataset import Dataset
    from .faults import Reply
    from .server import Simulator

PREFIX: Final = "/_simulator/"
# Methods of the data set that may be called by name.
EDITS: Final = {
    "add_account_code",
    "add_attachment",
    "add_bill",
    "add_bill_line",
    "add_bills",
    "add_catalog_item",
    "add_order",
    "add_order_line",
    "add_requisition",
    "bill_order",
    "bill_orders",
    "cancel_order",
    "close_order",
    "deactivate_vendor",
    "delete_bill",
    "delete_order",
    "delete_requisition",
    "edit_catalog_item",
    "edit_vendor",
    "fix_bill",
    "move_line",
    "name_vendor_on_line",
    "pay_order",
    "purchase_requisition_line",
    "receive",
    "reject_requisition_line",
    "remove_bill_line",
    "remove_order_line",
    "rename_currency",
    "rename_vendor",
    "reopen_order",
    "revise_bill",
    "revise_order",
    "set_status",
    "show_order",
    "touch",
    "touch_order",
}
SWITCHES: Final = {
    "all_hides_closed",
    "ignore_filters",
    "ignore_order",
    "keeps_former_lines",
    "reject_secret",
}


def reply(
    simulator: Simulator, method: str, path: str, query: Mapping[str, str], body: bytes
) -> Reply:
    """Answer a request below ``/_simulator/``."""
    action = ACTIONS.get((method, path.removeprefix(PREFIX).rstrip("/")))
    if action is None:
        return detail(404, "The simulator has no such control.")
    try:
        given = json.loads(body) if body else {}
        return json_reply(200, action(simulator, given))
    except (KeyError, TypeError, ValueError, LookupError) as error:
        return detail(400, f"{type(error).__name__}: {error}")


def expected_as_json(dataset: Dataset) -> dict[str, object]:
    """Return :meth:`Dataset.expected` as JSON values; amounts are strings."""
    return {
        str(bill_id): {
            **asdict(outcome),
            "reasons": sorted(outcome.reasons),
            "net_lines": [
                [code, department_id, location_id, str(net)]
                for (code, department_id, location_id), net in outcome.net_lines.items()
            ],
            "tax": str(outcome.tax),
            "total": str(outcome.total),
        }
        for bill_id, outcome in dataset.expected().items()
    }


def expected_orders_as_json(dataset: Dataset) -> dict[str, object]:
    """Return :meth:`Dataset.expected_orders` as JSON values; amounts are strings."""
    return {
        str(order_id): {
            **asdict(outcome),
            "reasons": sorted(outcome.reasons),
            "remarks": sorted(outcome.remarks),
            "lines": {
                str(line_id): [str(quantity), str(net)]
                for line_id, (quantity, net) in outcome.lines.items()
            },
            "coding": {
                str(line_id): [[*key, str(net)] for key, net in parts.items()]
                for line_id, parts in outcome.coding.items()
            },
            "extras": {kind: str(amount) for kind, amount in outcome.extras.items()},
            "total": str(outcome.total),
        }
        for order_id, outcome in dataset.expected_orders().items()
    }


def _expected_orders(simulator: Simulator, _given: dict[str, Any]) -> object:
    return expected_orders_as_json(simulator.dataset)


def _expected_billed(simulator: Simulator, _given: dict[str, Any]) -> object:
    billed = simulator.dataset.expected_billed()
    return {str(line_id): str(quantity) for line_id, quantity in billed.items()}


def _storage_requests(simulator: Simulator, _given: dict[str, Any]) -> object:
    return [list(request) for request in list(simulator.storage.requests)]


def _add_storage_fault(simulator: Simulator, given: dict[str, Any]) -> object:
    simulator.storage.faults.add(**given)
    return {}


def _add_fault(simulator: Simulator, given: dict[str, Any]) -> object:
    simulator.faults.add(**given)
    return {}


def _clear_faults(simulator: Simulator, _given: dict[str, Any]) -> object:
    simulator.faults.clear()
    simulator.storage.faults.clear()
    return {}


def _latency(simulator: Simulator, given: dict[str, Any]) -> object:
    simulator.latency_s = float(given["seconds"])
    return {"seconds": simulator.latency_s}


def _requests(simulator: Simulator, _given: dict[str, Any]) -> object:
    return [list(request) for request in list(simulator.requests)]


def _clear_requests(simulator: Simulator, _given: dict[str, Any]) -> object:
    simulator.clear_requests()
    return {}


def _expected(simulator: Simulator, _given: dict[str, Any]) -> object:
    return expected_as_json(simulator.dataset)


def _books(simulator: Simulator, _given: dict[str, Any]) -> object:
    return simulator.dataset.books()


def _add_bill(simulator: Simulator, given: dict[str, Any]) -> object:
    return {"id": simulator.dataset.add_bill(**given)}


def _edit(simulator: Simulator, given: dict[str, Any]) -> object:
    """Call a method of the data set: ``{"edit": "touch", "bill_id": 3001}``."""
    name = given.pop("edit")
    if name not in EDITS:
        message = f"No edit {name!r}; known: {', '.join(sorted(EDITS))}."
        raise ValueError(message)
    return {"result": getattr(simulator.dataset, name)(**given)}


def _switch(simulator: Simulator, given: dict[str, Any]) -> object:
    """Turn switches on or off: ``{"ignore_filters": true}``."""
    unknown = given.keys() - SWITCHES
    if unknown:
        message = f"No switch {', '.join(sorted(unknown))}."
        raise ValueError(message)
    for name, value in given.items():
        setattr(simulator, name, bool(value))
    return {name: getattr(simulator, name) for name in sorted(SWITCHES)}


def _expire_tokens(simulator: Simulator, _given: dict[str, Any]) -> object:
    simulator.expire_tokens()
    return {}


def _mode(simulator: Simulator, given: dict[str, Any]) -> object:
    """Switch a mode on: ``{"name": "token_expired"}``."""
    return {"fault": simulator.modes.on(given["name"]).fault}


def _traits(simulator: Simulator, given: dict[str, Any]) -> object:
    """Let the tenant differ: ``{"traits": ["converts_net"]}``; no others."""
    unknown = set(given["traits"]) - ALL_TRAITS
    if unknown:
        message = f"No trait {', '.join(sorted(unknown))}."
        raise ValueError(message)
    simulator.traits = set(given["traits"])
    return {"traits": sorted(simulator.traits)}


def _no_mode(simulator: Simulator, _given: dict[str, Any]) -> object:
    simulator.modes.off()
    return {}


ACTIONS: Final[dict[tuple[str, str], Callable[[Simulator, dict[str, Any]], object]]] = {
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "latency"): _latency,
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _clear_requests,
    ("GET", "expected"): _expected,
    ("GET", "expected-orders"): _expected_orders,
    ("GET", "expected-billed"): _expected_billed,
    ("GET", "books"): _books,
    ("GET", "storage-requests"): _storage_requests,
    ("POST", "storage-faults"): _add_storage_fault,
    ("POST", "bills"): _add_bill,
    ("POST", "edits"): _edit,
    ("POST", "switches"): _switch,
    ("POST", "expire-tokens"): _expire_tokens,
    ("POST", "modes"): _mode,
    ("DELETE", "modes"): _no_mode,
    ("POST", "traits"): _traits,
}
