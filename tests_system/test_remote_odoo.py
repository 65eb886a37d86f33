"""The client of a remote Odoo against a real one, in each of its protocols."""

import json
import logging
import os
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

_logger = logging.getLogger(__name__)

PROTOCOLS = ("json2", "jsonrpc", "xmlrpc")
KEY_DAYS = 30
#: How many partners the mirror brings; 10,000 to see how long that takes.
PARTNERS = int(os.environ.get("PROCURIFY_PARTNERS", "30"))
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

_FILL = f"""
company = env.company
accounts = env["account.account"].search([("account_type", "=", "expense")], limit=2)
env["account.tax"].create(
    {{
        "name": "Half of it back",
        "amount": 8.1,
        "type_tax_use": "purchase",
        "price_include_override": "tax_included",
        "repartition_line_ids": [
            (0, 0, {{
                "document_type": document,
                "repartition_type": kind,
                "factor_percent": share,
                "account_id": account.id,
            }})
            for document in ("invoice", "refund")
            for kind, share, account in (
                ("base", 100, accounts[:0]),
                ("tax", 50, accounts[0]),
                ("tax", 50, accounts[1]),
            )
        ],
    }}
)
accounts[1].active = False
env["res.currency.rate"].create(
    {{
        "name": "2025-06-01",
        "rate": 0.9,
        "currency_id": env.ref("base.EUR").id,
        "company_id": company.id,
    }}
)
company.purchase_lock_date = "2024-12-31"
parent = env["res.partner"].create(
    {{
        "name": "Blank & Sons",
        "ref": "V-1",
        "vat": "CHE-123.456.788",
        "email": "ap@blank.example",
        "is_company": True,
        "country_id": env.ref("base.ch").id,
    }}
)
env["res.partner"].create(
    [
        {{"name": f"Vendor {{number}}", "parent_id": number % 3 == 0 and parent.id}}
        for number in range({PARTNERS})
    ]
).filtered(lambda partner: partner.name.endswith("7")).active = False
env.cr.commit()
"""
#: What both sides are asked for, in the same words.
_BOOKS = """
import json
def books(env, company):
    env = env(context={"active_test": False, "allowed_company_ids": company.ids})
    own = [("company_id", "=", company.id)]
    def each(model, domain, said):
        return sorted((said(row) for row in env[model].search(domain)), key=str)
    return {
        "accounts": each(
            "account.account",
            [("company_ids", "in", company.ids)],
            lambda a: [a.code, a.name, a.account_type, a.reconcile, a.active],
        ),
        "taxes": each(
            "account.tax",
            own,
            lambda t: [
                t.name, t.amount, t.amount_type, t.type_tax_use, t.price_include,
                t.active, t.include_base_amount, t.sequence,
                [
                    [
                        line.document_type, line.repartition_type,
                        line.factor_percent, line.account_id.code,
                    ]
                    for line in t.repartition_line_ids
                ],
            ],
        ),
        "journals": each(
            "account.journal",
            own + [("type", "in", ("purchase", "general"))],
            lambda j: [j.code, j.name, j.type, j.default_account_id.code],
        ),
        "rates": each(
            "res.currency.rate",
            own,
            lambda r: [r.currency_id.name, str(r.name), r.rate],
        ),
        "partners": each(
            "res.partner",
            partners,
            lambda p: [
                p.name, p.ref, p.vat, p.email, p.is_company, p.country_id.code,
                p.parent_id.name, p.active, p.property_account_payable_id.code,
            ],
        ),
        "terms": each(
            "account.payment.term",
            terms,
            lambda t: [
                t.name, t.early_discount,
                [
                    [x.value, x.value_amount, x.delay_type, x.nb_days]
                    for x in t.line_ids
                ],
            ],
        ),
        "lock": str(company.purchase_lock_date),
    }
"""
_THERE = f"""{_BOOKS}
partners, terms = [], []
user = env["res.users"].search([("login", "=", "connector")])
print(json.dumps(books(env(user=user, su=False), user.company_id)))
"""


def _here(remote: "Remote") -> str:
    """Return what mirrors a remote into a company of its own, three times."""
    values = {
        "url": remote.address,
        "database": remote.database,
        "login": "connector",
        "api_key": remote.keys["connector"],
    }
    return f"""{_BOOKS}
import time
from datetime import datetime, timedelta
from odoo.tools import config
config.options["procurify_allow_loopback"] = "1"
currency = env["res.currency"].search([("name", "=", {remote.currency!r})])
hub = env["res.company"].create({{"name": "Hub", "currency_id": currency.id}})
target = env["procurify.target"].create({{"company_id": hub.id, **{values!r}}})
target.action_probe()
env.cr.commit()
def mirror():
    begun, queries = time.monotonic(), env.cr.sql_log_count
    target._mirror()
    return round(time.monotonic() - begun, 2)
seconds = [mirror()]
# A quarter of an hour passes.
state = target.mirror_state
earlier = str(datetime.utcnow().replace(microsecond=0) - timedelta(minutes=15))
target.mirror_state = state | {{"read_at": dict.fromkeys(state["read_at"], earlier)}}
env.cr.commit()
seconds.append(mirror())
env.cr.execute("SELECT now() AT TIME ZONE 'UTC'")
[[before]] = env.cr.fetchall()
env.cr.commit()
seconds.append(mirror())
written = [
    model
    for model in {_WATCHED!r}
    if env[model].with_context(active_test=False).search_count(
        [("write_date", ">", before)]
    )
]
own = [("company_id", "=", hub.id)]
partners = terms = own
rows = env["procurify.mirror"].search([("target_id", "=", target.id)])
print(json.dumps({{
    "error": target.error_message or target.missing,
    "books": books(env(user=env.ref("base.user_root")), hub),
    "reasons": rows.filtered("reason").mapped("reason"),
    "seconds": seconds,
    "written": written,
}}))
"""


_WATCHED = (
    "procurify.mirror",
    "procurify.target",
    "account.account",
    "account.tax",
    "account.journal",
    "account.payment.term",
    "res.currency.rate",
    "res.partner",
    "product.product",
)


class Remote:
    """A running Odoo without the addon, and the keys of its API users."""

    def __init__(self, address: str, database: str, keys: dict[str, str]) -> None:
        self.address = address
        self.database = database
        self.keys = keys

    @property
    def currency(self) -> str:
        """Currency of its books."""
        with self.connect("json2") as client:
            return probe(client).currency

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
    databases.execute(odoo, name, _FILL)
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


def test_master_data_becomes_records_of_a_hub(odoo: Odoo, remote: Remote) -> None:
    name = databases.database_name("system_hub")
    databases.duplicate(odoo, databases.template(odoo), name)
    databases.install(odoo, name)

    there = json.loads(databases.execute(odoo, remote.database, _THERE))
    output = databases.execute(odoo, name, _here(remote))
    here = json.loads(output.splitlines()[-1])

    _logger.info("%s partners: %s s", PARTNERS, here["seconds"])
    assert not here["error"]
    assert here["reasons"] == []
    assert there["accounts"]
    for kind, records in there.items():
        assert here["books"][kind] == records, kind
    assert here["written"] == []
