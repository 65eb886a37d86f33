"""What documents say besides what is booked."""

from __future__ import annotations

from typing import Any

import pytest

from ..extra_facts import delivery, drafting

DEPOT = {"name": "Depot", "addressLineOne": "1 Main St", "city": "Zürich"}


def test_order_says_where_and_how_it_is_delivered() -> None:
    found = delivery(
        {
            "receiver_name": "ACME",
            "receiver_contact": "Dock",
            "receiver_postalCode": "8001",
            "receiver_city": "Zürich",
            "receiver_country": "CH",
            "buyer_address": DEPOT,
            "shipping_term": {"id": 4, "name": "FOB"},
            "shipping_method": {"id": 5, "name": "Road"},
            "expiry_date": "2026-05-01",
            "contract": {"id": 7, "name": "Frame 2026"},
        }
    )

    assert found.ship_to == "ACME\nDock\n8001 Zürich\nCH"
    assert found.bill_to == "Depot\n1 Main St\nZürich"
    assert (found.shipping_term, found.shipping_method) == ("FOB", "Road")
    assert str(found.expires_on) == "2026-05-01"
    assert found.contract == "Frame 2026"


def test_terms_may_stand_there_as_texts() -> None:
    found = delivery({"shipping_terms": "FOB", "shipping_method": "Road"})

    assert (found.shipping_term, found.shipping_method) == ("FOB", "Road")


def test_bill_says_who_drafted_it_and_what_the_paper_says() -> None:
    joan = {"firstName": "Joan", "lastName": "Smith"}
    typed = drafting({"user": joan})
    read = drafting({"creator": joan, "invoice_created": True, "invoice_total": "9.5"})

    assert (typed.person, typed.is_automatic) == ("Joan Smith", False)
    assert typed.paper_total is None
    assert read.is_automatic
    assert str(read.paper_total) == "9.5"


@pytest.mark.parametrize("odd", ["soon", 7, {}, None, ["x"], True])
def test_what_cannot_be_read_stays_empty(odd: Any) -> None:
    names = ("contract", "expiry_date", "buyer_address", "receiver_name")
    assert delivery(dict.fromkeys(names, odd)).expires_on is None
    assert drafting({"creator": odd, "invoice_total": odd}).person == ""
