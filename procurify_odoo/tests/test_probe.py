"""The probe: what it says of a remote that is ready, and each thing that may lack."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from .. import Missing, RemoteOdoo, probe
from .fake import SERIES, WAYS, FakeOdoo, recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    Serve = Callable[[str], FakeOdoo]
    Connect = Callable[..., RemoteOdoo]


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_a_remote_with_all_rights_is_ready(
    way: tuple[str, str], serve: Serve, connect: Connect
) -> None:
    series, protocol = way
    found = probe(connect(serve(series), protocol=protocol))

    digits = None if series == "19.0" else 2
    assert found.missing == ()
    assert found.is_ready
    assert (str(found.version), found.protocol) == (series, protocol)
    assert (found.company_id, found.company, found.currency) == (1, "Acme Ltd", "CHF")
    assert (found.user, found.companies) == ("Connector", 1)
    assert found.price_digits == {"account.move": digits, "purchase.order": digits}


@pytest.mark.parametrize("series", SERIES)
def test_the_probe_changes_nothing(series: str, serve: Serve, connect: Connect) -> None:
    server = serve(series)
    probe(connect(server))

    assert {method for _model, method, _arguments in server.calls} <= {
        *("context_get", "read", "search_read", "fields_get", "has_group"),
        "has_access" if series in ("18.0", "19.0") else "check_access_rights",
    }
    assert not any(server.rows.values())


def test_each_missing_right_is_named(serve: Serve, connect: Connect) -> None:
    server = serve("19.0")
    server.groups.remove("account.group_account_invoice")
    # What a purchase user without Invoicing gets: the access check for bills passes.
    server.denied |= {("account.journal", "read"), ("purchase.order", "create")}

    found = probe(connect(server))
    assert not found.is_ready
    assert found.missing == (
        Missing("group", "Invoicing", "account.group_account_invoice"),
        Missing("read", "account.journal"),
        Missing("create", "purchase.order"),
    )


@pytest.mark.parametrize("series", SERIES)
def test_a_missing_email_matters_on_14_alone(
    series: str, serve: Serve, connect: Connect
) -> None:
    server = serve(series)
    server.email = ""

    missing = probe(connect(server)).missing
    assert missing == ((Missing("email", "Connector"),) if series == "14.0" else ())


@pytest.mark.parametrize("series", ["14.0", "19.0"])
def test_a_missing_app_is_named_once(
    series: str, serve: Serve, connect: Connect
) -> None:
    server = serve(series)
    server.missing_models = {"purchase.order", "purchase.order.line"}
    server.groups.remove("purchase.group_purchase_user")

    found = probe(connect(server))
    assert found.missing == (Missing("app", "Purchase"),)
    assert set(found.price_digits) == {"account.move"}


def test_a_field_that_the_version_should_have_is_named(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = recorded("fields")["16"]["account.move.line"]
    monkeypatch.delitem(fields, "analytic_distribution")

    found = probe(connect(serve("16.0")))
    assert found.missing == (
        Missing("field", "account.move.line.analytic_distribution"),
    )


def test_the_first_key_to_expire_counts(serve: Serve, connect: Connect) -> None:
    server = serve("18.0")
    server.key_expires = ["2026-12-24 08:00:00", "2026-12-01 08:00:00", False]

    found = probe(connect(server))
    assert found.key_expires == datetime(2026, 12, 1, 8, tzinfo=timezone.utc)
    assert found.keys == 3
    assert found.is_ready


def test_a_user_who_may_not_read_its_keys_is_ready_all_the_same(
    serve: Serve, connect: Connect
) -> None:
    server = serve("18.0")
    server.key_expires = ["2026-12-24 08:00:00"]
    server.denied.add(("res.users.apikeys", "read"))

    found = probe(connect(server))
    assert found.is_ready
    assert (found.key_expires, found.keys) == (None, 0)


def test_older_versions_do_not_say_when_a_key_expires(
    serve: Serve, connect: Connect
) -> None:
    server = serve("17.0")
    server.key_expires = ["2026-12-24 08:00:00"]

    found = probe(connect(server))
    assert (found.key_expires, found.keys) == (None, 0)
