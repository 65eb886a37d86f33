"""Master data of a remote Odoo: what is read, followed, found gone, and forgotten."""

from dataclasses import replace
from datetime import datetime, timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.procurify_connector.procurify_odoo.mirror import Row
from odoo.addons.procurify_connector.procurify_odoo.tests import fake

from .remote_case import RemoteCase


@tagged("post_install", "-at_install", "procurify")
class TestMirror(RemoteCase):
    def setUp(self):
        super().setUp()
        self.remote = self._remote()
        self._fill(self.remote)
        self.target = self._ready_target(self.remote)

    def _fill(self, remote):
        own = {"active": True, "company_id": [1, "Acme Ltd"]}
        for code in ("6200", "6300"):
            remote.add(
                "account.account",
                code=code,
                name=f"Costs {code}",
                account_type="expense",
                active=True,
                company_ids=[1],
                currency_id=False,
            )
        remote.add("res.currency", name="CHF", rounding=0.01, active=True)
        remote.add(
            "account.tax",
            name="VAT 8.1 %",
            amount=8.1,
            amount_type="percent",
            type_tax_use="purchase",
            price_include=False,
            **own,
        )
        remote.add(
            "account.tax.repartition.line",
            repartition_type="tax",
            tax_id=[1, "VAT 8.1 %"],
            document_type="invoice",
            factor_percent=100.0,
            account_id=[2, "6300"],
            company_id=[1, "Acme Ltd"],
        )
        remote.add(
            "account.journal",
            name="Bills",
            code="BILL",
            type="purchase",
            currency_id=False,
            **own,
        )
        remote.add("account.payment.term", name="30 days", **own)
        remote.add(
            "account.analytic.account",
            name="Paris",
            code="P",
            plan_id=[1, "Sites"],
            **own,
        )
        for name in ("Blank & Sons", "Zenith"):
            remote.add("res.partner", name=name, ref=False, vat=False, parent_id=False)
            remote.rows["res.partner"][-1].update(active=True, company_id=False)

    # === READING === #

    def test_every_kind_is_read_in_the_same_words(self):
        self._mirror()

        found = {
            (row.kind, row.code or row.name, row.is_active) for row in self._mirrors()
        }
        self.assertEqual(
            found,
            {
                ("account", "6200", True),
                ("account", "6300", True),
                ("currency", "CHF", True),
                ("tax", "VAT 8.1 %", True),
                ("tax_line", "tax", True),
                ("journal", "BILL", True),
                ("payment_term", "30 days", True),
                ("analytic_account", "P", True),
                ("partner", "Blank & Sons", True),
                ("partner", "Zenith", True),
                ("company", "Acme Ltd", True),
            },
        )
        [line] = self._mirrors("tax_line")
        self.assertEqual(
            line.data,
            {
                "tax_id": 1,
                "document_type": "invoice",
                "percent": "100.0",
                "account": 2,
                "sequence": 0,
                "in_closing": False,
            },
        )
        self.assertEqual(self.target.mirror_count, 11)
        self.assertEqual(
            {m for _model, m, _arguments in self.remote.calls}
            - {"context_get", "read", "fields_get", "has_access", "has_group"},
            {"search_read", "search"},
            "Only what reads is called.",
        )

    def test_an_unchanged_remote_costs_no_write(self):
        self._mirror()
        stamps = self._age()

        self._mirror()

        self.assertEqual(self._stamps(), stamps)

    def test_what_has_long_been_known_does_not_come_again(self):
        self._mirror()
        self._let_minutes_pass(15)
        self._mirror()
        stamps = self._age()
        self.remote.calls.clear()

        self._mirror()

        since = [
            arguments["domain"][-2]
            for model, method, arguments in self.remote.calls
            if (model, method) == ("res.partner", "search_read")
        ]
        self.assertGreater(since, [["write_date", ">=", _STAMP]])
        self.assertEqual(self._stamps(), stamps)

        self._change("res.partner", 1, name="Blank Ltd")
        self._mirror()
        self.assertIn("Blank Ltd", self._mirrors("partner").mapped("name"))

    def test_a_change_there_is_followed(self):
        self._mirror()
        self._age()
        self._change("res.partner", 1, name="Blank Ltd", active=False)
        self.remote.add("res.partner", name="New", ref="N", vat=False, parent_id=False)
        self.remote.rows["res.partner"][-1].update(
            active=True, company_id=False, write_date="2026-03-02 10:00:00"
        )

        self._mirror()

        self.assertEqual(
            [(row.name, row.is_active) for row in self._mirrors("partner")],
            [("Blank Ltd", False), ("Zenith", True), ("New", True)],
        )
        written = [row for row in self._mirrors() if row.write_date.year > 2001]
        self.assertEqual({row.name for row in written}, {"Blank Ltd", "New"})

    def test_what_is_deleted_or_hidden_there_is_marked_and_may_come_back(self):
        self._mirror()
        hidden = self.remote.rows["res.partner"].pop(0)

        self._mirror()
        self.assertFalse(self._mirrors("partner").filtered("is_gone"), "once a day")
        self._let_the_ids_be_due()
        self._mirror()
        self.assertEqual(
            self._mirrors("partner").filtered("is_gone").name, "Blank & Sons"
        )
        self.assertEqual(self.target.mirror_count, 10)

        self._change("res.partner", 2, name="Zenith Ltd")
        self._mirror()
        # It was changed long before what was read last.
        self.remote.rows["res.partner"].insert(0, hidden)
        self._let_the_ids_be_due()
        self._mirror()
        self.assertFalse(self._mirrors("partner").filtered("is_gone"))

    def test_it_stops_where_most_vanishes_until_a_person_tests_again(self):
        for number in range(12):
            self.remote.add(
                "res.partner",
                name=f"Vendor {number}",
                active=True,
                company_id=False,
                write_date="2026-03-02 10:00:00",
            )
        self._mirror()
        self.remote.rows["res.partner"].clear()
        self._let_the_ids_be_due()

        self._mirror()

        self.assertFalse(self._mirrors("partner").filtered("is_gone"))
        self.assertEqual(self.target.state, "stopped")
        self.assertIn("14 of 14", self.target.error_message)

        self.target.action_probe()
        self._mirror()

        self.assertTrue(all(self._mirrors("partner").mapped("is_gone")))
        self.assertEqual(self.target.state, "ready")
        self.assertFalse(self.target.has_vanished)

    def test_another_database_begins_again(self):
        self._mirror()
        other = fake.FakeOdoo("19.0")
        self.enterContext(other)
        other.currency = self.remote.currency
        other.add("res.currency", name="EUR", rounding=0.01, active=True)
        self.target.write({"url": other.url, "api_key": fake.KEY})
        self.target.action_probe()

        self._mirror()

        self.assertEqual(set(self._mirrors().mapped("name")), {"EUR", "Acme Ltd"})

    def test_a_page_takes_as_many_queries_whatever_its_size(self):
        few, many = self._partners(3), self._partners(60)
        for change in ("created", "unchanged", "renamed"):
            with self.subTest(change):
                spent = [self._queries_to_keep(rows, change) for rows in (few, many)]
                self.assertLessEqual(spent[1], spent[0] + 1)

    # === TROUBLE === #

    def test_a_remote_that_is_down_is_tried_again(self):
        self._mirror()
        path = "/json/2/res.currency/search_read"
        self.remote.answers[path] = [fake.web_page(502, "Bad Gateway")]

        self._mirror()
        self.assertEqual(self.target.state, "ready")
        self.assertIn("does not answer", self.target.error_message)
        self.assertEqual(self.target.mirror_count, 11)

        del self.remote.answers[path]
        self._mirror()
        self.assertFalse(self.target.error_message)

    def test_a_refused_key_stops_until_somebody_tests_again(self):
        self._mirror()
        self.remote.key = "another"
        self._mirror()
        self.assertEqual(self.target.state, "stopped")
        self.assertIn("refused the login or the API key", self.target.error_message)
        self.remote.requests.clear()

        self._mirror()
        self.assertFalse(self.remote.requests)

        self.target.api_key = "another"
        self.target.action_probe()
        self._change("res.partner", 1, name="Blank Ltd")
        self._mirror()
        self.assertIn("Blank Ltd", self._mirrors("partner").mapped("name"))

    def test_one_remote_that_fails_does_not_stop_the_next(self):
        first = self.target.copy({"name": "A", "database": "gone"})
        first.sudo().write({"state": "ready", "version": "19.0"})

        self._mirror()

        self.assertEqual(first.state, "stopped")
        self.assertIn("Enter the API key", first.error_message)
        self.assertEqual(self.target.mirror_count, 11)

    def test_an_upgraded_remote_is_tested_again_first(self):
        self.target.sudo().version = "18.0"

        self._mirror()

        self.assertEqual(self.target.state, "stopped")
        self.assertIn("upgraded to 19.0", self.target.error_message)
        self.assertFalse(self._mirrors())

    # === LOCAL RECORDS === #

    def test_the_ids_of_a_remote_are_found_in_one_query(self):
        vendors = self.env["res.partner"].create([{"name": str(n)} for n in range(3)])
        other = self.target.copy({"name": "Other", "database": "other"})
        self._map(self.target, vendors[0], 11)
        self._map(self.target, vendors[1], 12, is_gone=True)
        self._map(other, vendors[2], 13)
        self.env.invalidate_all()

        self.assertEqual(self.target._remote_ids(vendors), {vendors[0].id: 11})
        with self.assertQueryCount(1):
            self.target._remote_ids(vendors)
        self.assertEqual(self.target._local_record("res.partner", 11), vendors[0])
        for unknown in (12, 13, 14):
            self.assertFalse(self.target._local_record("res.partner", unknown))
        self.assertFalse(self.target._local_record("account.tax", 11))

    # === READ-ONLY === #

    def test_nobody_writes_what_was_read(self):
        self._mirror()
        mirror = self._mirrors()[:1]
        for forbidden in (
            lambda: mirror.write({"name": "Mine"}),
            mirror.unlink,
            lambda: mirror.copy({"remote_id": 99}),
            lambda: self.target.write({"mirror_state": False}),
        ):
            with self.assertRaises(AccessError):
                forbidden()

    # === HELPERS === #

    def _mirror(self):
        self._run_cron("ir_cron_mirror")
        self.env.invalidate_all()

    def _mirrors(self, kind=None):
        domain = [("target_id", "=", self.target.id)]
        if kind:
            domain.append(("kind", "=", kind))
        return self.env["procurify.mirror"].search(domain, order="remote_id, id")

    def _map(self, target, record, remote_id, **values):
        """Let ``record`` be the local record of one of the remote."""
        return (
            self.env["procurify.mirror"]
            .sudo()
            .create(
                {
                    "target_id": target.id,
                    "kind": "partner",
                    "remote_id": remote_id,
                    "res_model": record._name,
                    "res_id": record.id,
                    **values,
                }
            )
        )

    def _change(self, model, number, **values):
        [row] = [row for row in self.remote.rows[model] if row["id"] == number]
        row.update(write_date="2026-03-02 10:00:00", **values)

    def _partners(self, count):
        """Return rows of the remote, other ones at each call."""
        self._newest = getattr(self, "_newest", 1000) + 100
        return [
            Row("partner", self._newest + number, f"Vendor {number}", "", True, _STAMP)
            for number in range(count)
        ]

    def _queries_to_keep(self, rows, change):
        if change == "renamed":
            rows = [replace(row, name=f"{row.name} Ltd") for row in rows]
        mirrors = self.env["procurify.mirror"].sudo()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        changed = mirrors._keep(self.target.sudo(), rows)
        self.env.flush_all()
        self.assertEqual(changed, change != "unchanged")
        return self.env.cr.sql_log_count - before

    def _let_minutes_pass(self, minutes):
        target = self.target.sudo()
        earlier = fields.Datetime.now() - timedelta(minutes=minutes)
        kinds = target.mirror_state["read_at"]
        read_at = dict.fromkeys(kinds, fields.Datetime.to_string(earlier))
        target.mirror_state = target.mirror_state | {"read_at": read_at}
        self.env.flush_all()

    def _let_the_ids_be_due(self):
        self.target.sudo().compared_at -= timedelta(days=1, minutes=1)
        self.env.flush_all()

    def _age(self):
        """Let all rows be long since written, and return their stamps."""
        self.env.flush_all()
        for table in ("procurify_mirror", "procurify_target"):
            self.env.cr.execute(
                SQL("UPDATE %s SET write_date = %s", SQL.identifier(table), _LONG_AGO)
            )
        self.env.invalidate_all()
        return self._stamps()

    def _stamps(self):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = [*self._mirrors(), self.target]
        return {(row._name, row.id): row.write_date for row in rows}


_STAMP = "2026-03-01 10:00:00"
_LONG_AGO = datetime(2001, 1, 1)
