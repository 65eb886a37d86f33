"""Whatever stands anywhere in a document: it is read or refused, and nothing else."""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .. import RESOURCES, Bill, InvalidPayload, Order
from ..arithmetic import bill_figures
from ..order_arithmetic import order_figures
from ..rates import implied_bill_rate, implied_order_rate
from .conftest import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CENT = Decimal("0.01")


def _order_figures(order: Order) -> None:
    order_figures(order, CENT)
    implied_order_rate(order)


def _bill_figures(bill: Bill) -> None:
    bill_figures(bill, CENT)
    implied_bill_rate(bill)


DOCUMENTS: dict[str, tuple[Any, Callable[[Any], None]]] = {
    "po_detail": (Order, _order_figures),
    "bill_detail": (Bill, _bill_figures),
}

damage = st.sampled_from(
    [None, "", "x", "1e30", "-0", 0, -1, 10**40, True, [], {}, [None], {"id": "x"}]
) | st.decimals(allow_nan=True, allow_infinity=True)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (container, key) of everything inside ``value``."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from _places(value[key])


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(max_examples=150)
@given(data=st.data())
def test_a_damaged_document_is_read_or_refused(name: str, data: st.DataObject) -> None:
    payload, use = DOCUMENTS[name]
    text = (SAMPLES / f"{name}.json").read_text("utf-8")
    document = json.loads(text, parse_float=Decimal)["data"]
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(_places(document))
        container, key = data.draw(st.sampled_from(places))
        container[key] = deepcopy(data.draw(damage))

    try:
        read = payload.from_json(document)
        use(read)
        for resource, _external_id, embedded in read.references():
            if resource in RESOURCES:
                RESOURCES[resource].payload.from_json(embedded)
        assert isinstance(read.label, str)
    except InvalidPayload:
        return
