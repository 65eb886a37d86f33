"""The client of a remote Odoo against a real one, in each of its protocols."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from devtools import databases
from devtools.odoo import Odoo
from procurify_odoo import (
    Denied,
    Gone,
    Incompatible,
    KeyRefused,
    Missing,
    RemoteOdoo,
    RowsRefused,
    WrongDatabase,
    probe,
)
from procurify_odoo.mirror import changed_rows, kinds_of, visible_ids

from .site import Site

PROTOCOLS = ("json2", "jsonrpc", "xmlrpc")
KEY_DAYS = 30
BILLING, PURCHASE, CONTACTS = (
    "account.group_account_invoice",
    "purchase.group_purchase_user",
    "base.group_partner_manager",
)
_USERS = f"""
import json
from datetime import datetime, timedelta
until = datetime.utcnow() + timedelta(days={KEY_DAYS})
keys = {{}}
for login, groups in {{
    "connector": {[BILLING, PURCHASE, CONTACTS]!r},
    "buyer": {[PURCHASE, CONTACTS]!r},
}}.items():
    user = env["res.users"].create(
        {{
            "name": login.title(),
            "login": login,
            "group_ids": [(6, 0, [env.ref(group).id for group in groups])],
        }}
    )
    mine = env(user=user)["res.users.apikeys"].sudo()
    keys[login] = mine._generate("rpc", login, until)
env.cr.commit()
print(json.dumps(keys))
"""


class Remote:
    """A running Odoo without the addon, and the keys of its API users."""

    def __init__(self, address: str, database: str, keys: dict[str, str]) -> None:
        self.address = address
        self.database = database
        self.keys = keys

    def connect(self, protocol: str, login: str = "connector", **changes: Any) -> Any:
        """Return a client."""
        options = {"database": self.database, "login": login, "key": self.keys[login]}
        return closing(
            RemoteOdoo(
                self.address,
                protocol=protocol,
                allow_loopback=True,
                **{**options, **changes},
            )
        )


@pytest.fixture(scope="module")
def remote(odoo: Odoo) -> Iterator[Remote]:
    """Run the Odoo that is called, in a database of its own."""
    name = databases.database_name("system_remote")
    databases.duplicate(odoo, databases.template(odoo), name)
    keys = json.loads(databases.execute(odoo, name, _USERS).splitlines()[-1])
    with closing(Site(odoo, name)) as site:
        yield Remote(site.start().address, name, keys)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_records_are_created_once_and_read_in_pages(
    remote: Remote, protocol: str
) -> None:
    columns = ["id", "name", "country_id"]
    vendors = [
        [f"__import__.procurify_{protocol}_vendor_{number}", f"Vendor {number}", ""]
        for number in range(1, 8)
    ]
    with remote.connect(protocol) as client:
        made = client.load("res.partner", columns, vendors)
        assert client.load("res.partner", columns, vendors) == made
        guilty = [["a.x", "Right", ""], ["a.y", "Wrong", "Nowhere at all"]]
        with pytest.raises(RowsRefused) as caught:
            client.load("res.partner", columns, guilty)
        assert [(row.row, row.field) for row in caught.value.rows] == [
            (1, "country_id")
        ]
        domain = [("name", "=like", "Vendor %"), ("id", "in", made)]
        pages = list(client.pages("res.partner", ["name"], domain, size=3))
        assert [len(page) for page in pages] == [3, 3, 1]
        assert [row["id"] for page in pages for row in page] == sorted(made)
        assert client.visible("res.partner", [*made, 999_999]) == set(made)
        assert client.call("res.partner", "write", made, vals={"ref": "x"}) is True
        assert not client.call(
            "res.partner", "search_count", domain=[("name", "=", "Right")]
        )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_refusal_of_a_real_server_has_its_error(
    remote: Remote, protocol: str
) -> None:
    with remote.connect(protocol) as client:
        for expected, model, method, ids, arguments in (
            (Denied, "account.account", "create", None, {"vals_list": [{}]}),
            (Gone, "account.move", "action_post", [999_999], {}),
            (Incompatible, "account.move", "no_such_method", [1], {}),
            (Incompatible, "no.such.model", "search", None, {"domain": []}),
            (Incompatible, "res.partner", "read", [1], {"fields": ["nofield"]}),
        ):
            with pytest.raises(expected) as caught:
                client.call(model, method, ids, **arguments)
            assert type(caught.value) is expected
    for expected, changes in (
        (KeyRefused, {"key": "not-the-key"}),
        (WrongDatabase, {"database": "no_such_database"}),
    ):
        with (
            remote.connect(protocol, **changes) as client,
            pytest.raises(expected),
        ):
            client.authenticate()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_probe_finds_what_a_real_api_user_lacks(
    remote: Remote, protocol: str
) -> None:
    with remote.connect(protocol) as client:
        found = probe(client)
    assert found.missing == ()
    assert (str(found.version), found.protocol) == ("19.0", protocol)
    assert (found.user, found.keys) == ("Connector", 1)
    assert found.price_digits == {"account.move": None, "purchase.order": None}
    assert found.key_expires is not None
    left = found.key_expires - datetime.now(timezone.utc)
    assert timedelta(days=KEY_DAYS - 1) < left <= timedelta(days=KEY_DAYS)

    with remote.connect(protocol, login="buyer") as client:
        lacking = probe(client).missing
    assert Missing("group", "Invoicing", BILLING) in lacking
    assert {missing.kind for missing in lacking} <= {"group", "read"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_kind_of_master_data_can_be_read(remote: Remote, protocol: str) -> None:
    with remote.connect(protocol) as client:
        company = probe(client).company_id
        read = {}
        for name, kind in kinds_of(client.dialect).items():
            rows = [row for page in changed_rows(client, kind, company) for row in page]
            assert {row.id for row in rows} == visible_ids(client, kind, company)
            assert all(row.name and row.written_at for row in rows), name
            newest = max((row.written_at for row in rows), default="")
            read[name] = rows
            again = changed_rows(client, kind, company, since=newest)
            assert len([row for page in again for row in page]) <= len(rows)
    assert {"USD", "EUR"} <= {row.name for row in read["currency"]}
    assert {"Connector"} <= {row.name for row in read["partner"]}


def test_the_version_leads_to_the_best_protocol(remote: Remote) -> None:
    with remote.connect("auto") as client:
        assert client.authenticate()
        assert client.protocol == "json2"
