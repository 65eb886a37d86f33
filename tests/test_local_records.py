"""Master data of a remote Odoo becomes records of the hub's own company."""

from datetime import date, datetime
from itertools import pairwise
from types import SimpleNamespace
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.procurify_connector.importers.matching.decision import SAME_CODE
from odoo.addons.procurify_connector.importers.matching.search import search_by
from odoo.addons.procurify_connector.procurify_odoo.tests import fake
from odoo.addons.procurify_connector.tools.local_kinds import LOCALS, PARTS

from .remote_case import RemoteCase

_CHANGED = "2026-03-02 10:00:00"
_LONG_AGO = datetime(2001, 1, 1)


class LocalRecordsCommon(RemoteCase):
    series = "19.0"

    def setUp(self):
        super().setUp()
        self.hub = self.env["res.company"].create(
            {"name": "Hub", "currency_id": self.company.currency_id.id}
        )
        self.env.user.company_ids |= self.hub
        self.remote = self._remote(self.series, self.hub)
        self._fill()
        self.target = self._ready_target(self.remote, company_id=self.hub.id)

    # === HELPERS === #

    def _mirror(self):
        self._run_cron("ir_cron_mirror")
        self.env.invalidate_all()
        self.assertFalse(self.target.error_message)

    def _row(self, kind, remote_id):
        row = self.env["procurify.mirror"].search(
            [
                ("target_id", "=", self.target.id),
                ("kind", "=", kind),
                ("remote_id", "=", remote_id),
            ]
        )
        self.assertEqual(len(row), 1, (kind, remote_id))
        return row

    def _local(self, kind, remote_id):
        """Return the local record, in the hub's company."""
        row = self._row(kind, remote_id)
        self.assertFalse(row.is_pending, row.reason)
        model = self.env[row.res_model].with_context(
            allowed_company_ids=self.hub.ids, active_test=False
        )
        return model.browse(row.res_id)

    def _change(self, model, number, **values):
        [row] = [row for row in self.remote.rows[model] if row["id"] == number]
        row.update({"write_date": _CHANGED, **values})

    def _next_comparison_is_due(self):
        self.target.sudo().compared_at = _LONG_AGO
        self.env.flush_all()

    def _age(self):
        """Let all records be long since written, and return how they are then."""
        self.env.flush_all()
        for model in self._models():
            table = SQL.identifier(self.env[model]._table)
            self.env.cr.execute(SQL("UPDATE %s SET write_date = %s", table, _LONG_AGO))
        self.env.invalidate_all()

    def _written(self):
        """Return the (model, id) of all records that were written since ``_age``."""
        self.env.flush_all()
        found = set()
        for model in self._models():
            table = SQL.identifier(self.env[model]._table)
            self.env.cr.execute(
                SQL("SELECT id FROM %s WHERE write_date > %s", table, _LONG_AGO)
            )
            found |= {(model, id_) for [id_] in self.env.cr.fetchall()}
        return found

    def _models(self):
        locals_ = (*LOCALS.values(), *PARTS.values())
        models = {"procurify.mirror", "procurify.target", "product.template"}
        return models | {local.model for local in locals_}


@tagged("post_install", "-at_install", "procurify")
class TestLocalRecords(LocalRecordsCommon):
    def _fill(self):
        add, own = self.remote.add, {"active": True, "company_id": [1, "Acme Ltd"]}
        add("res.country", name="Switzerland", code="CH")
        add("res.currency", name=self.hub.currency_id.name, rounding=0.01, active=True)
        add("res.currency", name="SEK", rounding=0.01, active=True)
        add("uom.uom", name="Units", relative_factor=1.0, active=True)
        base = {"relative_uom_id": [1, "Units"], "active": True}
        add("uom.uom", name="Dozens", relative_factor=12.0, **base)
        add("uom.uom", name="Pallet", relative_factor=80.0, **base)
        add("account.analytic.plan", name="Sites", parent_id=False)
        add("account.analytic.plan", name="Branches", parent_id=[1, "Sites"])
        self.remote.company = {
            "account_fiscal_country_id": [1, "Switzerland"],
            "tax_calculation_rounding_method": "round_globally",
            "fiscalyear_lock_date": "2024-12-31",
            "purchase_lock_date": "2025-01-31",
        }
        for code, kind, more in (
            ("2000", "liability_payable", {"reconcile": True}),
            ("6200", "expense", {}),
            ("1170", "asset_current", {}),
            ("6900", "expense", {"active": False}),
        ):
            self._add_account(code, account_type=kind, **more)
        add(
            "res.currency.rate",
            name="2025-06-01",
            rate=10.25,
            currency_id=[2, "SEK"],
            company_id=False,
        )
        self._add_tax("VAT 8.1 %", 8.1)
        add("account.journal", name="Bills", code="BILL", type="purchase", **own)
        self.remote.rows["account.journal"][-1]["default_account_id"] = [2, "6200"]
        add("account.journal", name="Bank", code="BNK1", type="bank", **own)
        add("account.payment.term", name="Halves", line_ids=[1, 2], **own)
        half = {"value": "percent", "value_amount": 50.0, "delay_type": "days_after"}
        for days in (10, 40):
            add("account.payment.term.line", nb_days=days, days_next_month="10", **half)
        add(
            "account.analytic.account",
            name="Paris",
            code="P",
            plan_id=[2, "Sites / Branches"],
            **own,
        )
        add(
            "product.product",
            name="Toner",
            default_code="T-1",
            type="consu",
            uom_id=[2, "Dozens"],
            purchase_ok=True,
            supplier_taxes_id=[1],
            property_account_expense_id=[2, "6200"],
            **own,
        )
        self._add_partner("Ann", parent_id=[2, "Blank & Sons"])
        self._add_partner(
            "Blank & Sons",
            ref="V-7",
            vat="CHE-123.456.788",
            email="ap@blank.example",
            is_company=True,
            country_id=[1, "Switzerland"],
            property_supplier_payment_term_id=[1, "Halves"],
            property_account_payable_id=[1, "2000"],
            property_purchase_currency_id=[2, "SEK"],
        )

    def _add_account(self, code, **values):
        return self.remote.add(
            "account.account",
            **{
                "code": code,
                "name": f"Account {code}",
                "account_type": "expense",
                "active": True,
                "company_ids": [1],
                **values,
            },
        )

    def _add_tax(self, name, amount, **values):
        lines = []
        for kind in ("base", "tax"):
            for _document in ("invoice", "refund"):
                line = self.remote.add(
                    "account.tax.repartition.line",
                    repartition_type=kind,
                    factor_percent=100.0,
                    account_id=[3, "1170"] if kind == "tax" else False,
                    company_id=[1, "Acme Ltd"],
                )
                lines.append(line)
        return self.remote.add(
            "account.tax",
            **{
                "name": name,
                "amount": amount,
                "amount_type": "percent",
                "type_tax_use": "purchase",
                "price_include": True,
                "is_base_affected": True,
                "invoice_repartition_line_ids": lines[::2],
                "refund_repartition_line_ids": lines[1::2],
                "active": True,
                "company_id": [1, "Acme Ltd"],
                **values,
            },
        )

    def _add_partner(self, name, **values):
        return self.remote.add(
            "res.partner",
            **{
                "name": name,
                "type": "contact",
                "active": True,
                "company_id": False,
                **values,
            },
        )

    # === EVERY KIND === #

    def test_an_account_has_the_values_of_the_remote(self):
        self._mirror()

        account = self._local("account", 2)
        self.assertRecordValues(
            account,
            [{"code": "6200", "name": "Account 6200", "account_type": "expense"}],
        )
        self.assertEqual(account.company_ids, self.hub)
        self.assertTrue(self._local("account", 1).reconcile)
        self.assertFalse(self._local("account", 4).active)

    def test_a_tax_has_its_distribution_and_an_empty_company_gets_what_it_needs(self):
        self.assertFalse(self.hub.country_id)
        self._mirror()

        tax = self._local("tax", 1)
        self.assertRecordValues(
            tax,
            [
                {
                    "name": "VAT 8.1 %",
                    "amount": 8.1,
                    "type_tax_use": "purchase",
                    "price_include_override": "tax_included",
                    "company_id": self.hub.id,
                    "country_id": self.env.ref("base.ch").id,
                }
            ],
        )
        self.assertEqual(tax.tax_group_id.company_id, self.hub)
        input_tax = self._local("account", 3)
        for lines, numbers in (
            (tax.invoice_repartition_line_ids, (1, 3)),
            (tax.refund_repartition_line_ids, (2, 4)),
        ):
            lines = lines.sorted("sequence")
            self.assertEqual(lines.mapped("repartition_type"), ["base", "tax"])
            self.assertEqual(lines.account_id, input_tax)
            self.assertEqual(
                self.target._remote_ids(lines),
                dict(zip(lines.ids, numbers, strict=True)),
            )

    def test_a_journal_of_bills_is_made_and_one_of_a_bank_is_not(self):
        self._mirror()

        self.assertRecordValues(
            self._local("journal", 1),
            [
                {
                    "code": "BILL",
                    "type": "purchase",
                    "company_id": self.hub.id,
                    "default_account_id": self._local("account", 2).id,
                }
            ],
        )
        self.assertFalse(self._row("journal", 2).res_id)
        self.assertFalse(self._row("journal", 2).is_pending)

    def test_a_payment_term_has_its_lines(self):
        self._mirror()

        term = self._local("payment_term", 1)
        self.assertEqual((term.name, term.company_id), ("Halves", self.hub))
        self.assertRecordValues(
            term.line_ids,
            [
                {"value_amount": 50.0, "nb_days": 10, "delay_type": "days_after"},
                {"value_amount": 50.0, "nb_days": 40, "delay_type": "days_after"},
            ],
        )

    def test_plans_units_currencies_and_countries_are_those_of_all_companies(self):
        units = self.env.ref("uom.product_uom_unit")
        dozens = self.env.ref("uom.product_uom_dozen")
        currency = self.env.ref("base.SEK")
        currency.active = False
        self._mirror()

        self.assertEqual(self._local("country", 1), self.env.ref("base.ch"))
        self.assertEqual(self._local("currency", 2), currency)
        self.assertTrue(currency.active)
        self.assertEqual(self._local("unit", 1), units)
        self.assertEqual(self._local("unit", 2), dozens)
        pallet = self._local("unit", 3)
        self.assertEqual((pallet.name, pallet.factor), ("Pallet", 80.0))
        self.assertEqual(
            self._local("analytic_account", 1).plan_id.complete_name, "Sites / Branches"
        )

    def test_a_product_and_a_partner_refer_to_local_records(self):
        self._mirror()

        product, partner = self._local("product", 1), self._local("partner", 2)
        self.assertEqual(product.uom_id, self.env.ref("uom.product_uom_dozen"))
        self.assertEqual(product.supplier_taxes_id, self._local("tax", 1))
        self.assertEqual(product.property_account_expense_id, self._local("account", 2))
        self.assertEqual(product.company_id, self.hub)
        self.assertRecordValues(
            partner,
            [
                {
                    "name": "Blank & Sons",
                    "ref": "V-7",
                    "vat": "CHE-123.456.788",
                    "email": "ap@blank.example",
                    "is_company": True,
                    "country_id": self.env.ref("base.ch").id,
                    "company_id": self.hub.id,
                }
            ],
        )
        self.assertEqual(
            partner.property_supplier_payment_term_id, self._local("payment_term", 1)
        )
        self.assertEqual(partner.property_account_payable_id, self._local("account", 1))
        self.assertEqual(
            partner.property_purchase_currency_id, self.env.ref("base.SEK")
        )
        self.assertEqual(self._local("partner", 1).parent_id, partner)

    def test_rates_and_lock_dates_are_those_of_the_remote(self):
        self._mirror()

        self.assertRecordValues(
            self.hub,
            [
                {
                    "fiscalyear_lock_date": date(2024, 12, 31),
                    "purchase_lock_date": date(2025, 1, 31),
                    "tax_calculation_rounding_method": "round_globally",
                }
            ],
        )
        rate = self._local("rate", 1)
        self.assertEqual((rate.rate, rate.name), (10.25, date(2025, 6, 1)))
        self.assertEqual(rate.company_id, self.hub)

    # === WHAT CHANGES THERE === #

    def test_an_unchanged_remote_writes_no_record_here(self):
        self._mirror()
        self._age()
        self._next_comparison_is_due()
        self._mirror()

        self.assertEqual(self._written(), {("procurify.target", self.target.id)})

        self._age()
        rows = type(self.env["procurify.mirror"])
        with patch.object(rows, "_apply", side_effect=AssertionError("looked again")):
            self._mirror()
        self.assertFalse(self._written())

    def test_only_what_differs_is_written(self):
        self._mirror()
        partner, account = self._local("partner", 2), self._local("account", 2)
        self._age()
        self._change("res.partner", 2, ref="V-8")
        self._change("account.account", 1)  # a field that nobody needs here

        self._mirror()

        self.assertEqual(partner.ref, "V-8")
        written = {model for model, _id in self._written()}
        self.assertEqual(
            written, {"procurify.mirror", "procurify.target", "res.partner"}
        )
        self.assertEqual(account.name, "Account 6200")

    def test_what_is_archived_or_gone_there_is_archived_here_until_it_returns(self):
        self._mirror()
        partner, tax = self._local("partner", 2), self._local("tax", 1)
        self._change("res.partner", 2, active=False)
        hidden = self.remote.rows["account.tax"].pop()
        self._next_comparison_is_due()
        self._mirror()
        self.assertFalse(partner.active)
        self.assertFalse(tax.active)
        self.assertFalse(self.target._local_record("account.tax", 1))

        self._change("res.partner", 2, active=True, write_date="2026-03-03 10:00:00")
        self.remote.rows["account.tax"].append(hidden)
        self._mirror()
        self.assertTrue(partner.active)
        self.assertTrue(tax.active)
        self.assertEqual(self._local("tax", 1), tax)

    def test_a_deleted_rate_is_deleted(self):
        self._mirror()
        rate = self._local("rate", 1)
        self.remote.rows["res.currency.rate"].clear()
        self._next_comparison_is_due()

        self._mirror()

        self.assertFalse(rate.exists())
        self.assertFalse(self._row("rate", 1).res_id)

    def test_a_changed_distribution_is_followed_line_by_line(self):
        self._mirror()
        tax = self._local("tax", 1)
        before = tax.repartition_line_ids
        # The line alone was written there, not its tax.
        self._change("account.tax.repartition.line", 3, account_id=[4, "6900"])
        self._mirror()
        self.assertEqual(
            tax.invoice_repartition_line_ids.account_id, self._local("account", 4)
        )
        self.assertEqual(tax.repartition_line_ids, before)

        # Half of the tax goes elsewhere: lines are changed and added in one step.
        new = []
        for number in (3, 4):
            self._change("account.tax.repartition.line", number, factor_percent=50.0)
            line = self.remote.add(
                "account.tax.repartition.line",
                repartition_type="tax",
                factor_percent=50.0,
                company_id=[1, "Acme Ltd"],
                write_date=_CHANGED,
            )
            new.append(line)
        self._change(
            "account.tax",
            1,
            invoice_repartition_line_ids=[1, 3, new[0]],
            refund_repartition_line_ids=[2, 4, new[1]],
        )
        self._mirror()
        self.assertEqual(
            tax.invoice_repartition_line_ids.sorted("sequence").mapped(
                "factor_percent"
            ),
            [100.0, 50.0, 50.0],
        )
        self.assertLess(before, tax.repartition_line_ids)
        self.assertEqual(
            self._row("tax_line", new[1]).res_id,
            tax.refund_repartition_line_ids.sorted("sequence")[-1].id,
        )

        self._change("account.tax", 1, invoice_repartition_line_ids=[1, 3])
        self._change("account.tax", 1, refund_repartition_line_ids=[2, 4])
        for number in (3, 4):
            self._change("account.tax.repartition.line", number, factor_percent=100.0)
        self._mirror()
        self.assertEqual(tax.repartition_line_ids, before)

    # === WHAT CANNOT BE APPLIED === #

    def test_a_row_waits_for_another_and_says_so(self):
        self._add_partner("Early", parent_id=[77, "Late"])
        self._mirror()
        row = self._row("partner", 3)
        self.assertTrue(row.is_pending)
        self.assertIn("Waits for Contact 77", row.reason)
        self.assertFalse(row.res_id)
        self._age()
        self._mirror()
        self.assertFalse(self._written(), "It waits without a write.")

        self.remote.rows["res.partner"].append(
            {**self.remote.rows["res.partner"][0], "id": 77, "name": "Late"}
        )
        self.remote.rows["res.partner"][-1]["parent_id"] = False
        self._mirror()
        self.assertEqual(self._local("partner", 3).parent_id.name, "Late")
        self.assertFalse(row.reason)

    def test_what_odoo_refuses_stops_nothing_else(self):
        self._add_tax("By a program", 0.0, amount_type="code")
        self._add_tax("VAT 2.6 %", 2.6)

        self._mirror()

        row = self._row("tax", 2)
        self.assertFalse(row.res_id)
        self.assertIn("Odoo refuses it here", row.reason)
        self.assertEqual(self._local("tax", 3).amount, 2.6)

    def test_taxes_that_have_no_country_anywhere_say_what_to_enter(self):
        self.remote.company["account_fiscal_country_id"] = False

        self._mirror()

        row = self._row("tax", 1)
        self.assertFalse(row.res_id)
        self.assertIn("Enter one here: taxes need it.", row.reason)

        self.hub.country_id = self.env.ref("base.ch")
        self._mirror()
        self.assertEqual(self._local("tax", 1).country_id, self.env.ref("base.ch"))

    # === WHAT IS HERE ALREADY === #

    def test_an_account_of_the_same_code_becomes_that_of_the_remote(self):
        accounts = self.env["account.account"].with_company(self.hub)
        mine, other = accounts.create(
            [
                {"code": code, "name": "Costs", "account_type": "expense"}
                for code in ("6200", "6300")
            ]
        )
        self._mirror()

        self.assertEqual(self._local("account", 2), mine)
        self.assertEqual(mine.name, "Account 6200")
        self.assertEqual(other.name, "Costs")

    def test_a_partner_is_never_taken_for_one_that_is_here(self):
        same = {"name": "Blank & Sons", "email": "ap@blank.example", "ref": "V-7"}
        own = self.hub.partner_id
        own.write(same)
        mine = self.env["res.partner"].create(same)

        self._mirror()

        self.assertNotIn(self._local("partner", 2), own + mine)

    def test_what_the_connector_made_there_stays_the_record_that_it_was_made_of(self):
        first, second = self.env["res.partner"].create(
            [{"name": name, "company_id": self.hub.id} for name in ("First", "Second")]
        )
        one = self._add_partner("First Ltd", ref="1")
        self.target._keep_remote_ids("partner", {first: one})
        self._mirror()
        self.assertEqual(self._local("partner", one), first)
        self.assertEqual((first.name, first.ref), ("First Ltd", "1"))

        # The mirror is faster than the note about the second.
        two = self._add_partner("Second Ltd", write_date=_CHANGED)
        self._mirror()
        doubled = self._local("partner", two)
        self.target._keep_remote_ids("partner", {first: one, second: two})
        self._mirror()
        self.assertEqual(self._local("partner", two), second)
        self.assertEqual((second.name, second.active), ("Second Ltd", True))
        self.assertFalse(doubled.active)
        self.assertEqual(
            self.target._remote_ids(first + second + doubled),
            {first.id: one, second.id: two},
        )

    def test_an_account_of_several_companies_is_left_alone(self):
        shared = self.env["account.account"].search([("code", "=", "6200")])
        shared.name = "Ours"
        shared.with_company(self.hub).sudo().write(
            {"company_ids": [(4, self.hub.id)], "code": "6200"}
        )
        self._mirror()

        self.assertEqual(shared.name, "Ours")
        self.assertFalse(self._row("account", 2).res_id)
        self.assertTrue(self._row("account", 2).reason)

    def test_another_database_archives_what_came_from_the_one_before(self):
        self._mirror()
        partner = self._local("partner", 2)
        other = fake.FakeOdoo("19.0")
        self.enterContext(other)
        other.currency = self.remote.currency
        self.target.write({"url": other.url, "api_key": fake.KEY})
        self.target.action_probe()

        self._mirror()

        self.assertFalse(partner.active)
        self.assertFalse(self.target._remote_ids(partner))

    # === MANY === #

    def test_a_set_takes_as_many_queries_whatever_its_size(self):
        self._mirror()
        spent = []
        for count in (5, 80):
            for number in range(count):
                self._add_partner(f"Vendor {count}-{number}", write_date=_CHANGED)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self._mirror()
            spent.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(spent[1], spent[0] + 10)

    def test_nothing_is_written_while_the_remote_is_waited_for(self):
        events = []
        rows, cron = type(self.env["procurify.mirror"]), type(self.env["ir.cron"])

        def spy(owner, name):
            original = getattr(owner, name)

            def called(*args, **kwargs):
                result = original(*args, **kwargs)
                events.append(name)
                return result

            return patch.object(owner, name, called)

        with (
            spy(rows, "_keep"),
            spy(rows, "_apply"),
            spy(cron, "_commit_progress"),
            spy(self.remote, "reply_to"),
        ):
            self._mirror()

        writes = {"_keep", "_apply"}
        self.assertTrue(writes < set(events))
        for event, following in pairwise(events):
            if event in writes:
                self.assertEqual(following, "_commit_progress")


@tagged("post_install", "-at_install", "procurify")
class TestOlderRemote(LocalRecordsCommon):
    series = "14.0"

    def _fill(self):
        add, own = self.remote.add, {"active": True, "company_id": [1, "Acme Ltd"]}
        add("res.country", name="Switzerland", code="CH")
        self.remote.company = {
            "country_id": [1, "Switzerland"],
            "period_lock_date": "2024-12-31",
        }
        weight = {"category_id": [1, "Weight"], "active": True}
        add("uom.uom", name="kg", uom_type="reference", factor_inv=1.0, **weight)
        add("uom.uom", name="g", uom_type="smaller", factor_inv=0.001, **weight)
        add("uom.uom", name="Sack", uom_type="bigger", factor_inv=25.0, **weight)
        for code, kind in (("6410-20", "Expenses"), ("1170", "Current Assets")):
            add(
                "account.account",
                code=code,
                name=f"Account {code}",
                user_type_id=[1, kind],
                deprecated=False,
                company_id=[1, "Acme Ltd"],
            )
        for kind in ("base", "base", "tax", "tax"):
            add(
                "account.tax.repartition.line",
                repartition_type=kind,
                factor_percent=100.0,
                sequence=1,
                account_id=[2, "1170"] if kind == "tax" else False,
                company_id=[1, "Acme Ltd"],
            )
        add(
            "account.tax",
            name="VAT",
            amount=8.0,
            amount_type="percent",
            type_tax_use="purchase",
            invoice_repartition_line_ids=[1, 3],
            refund_repartition_line_ids=[2, 4],
            **own,
        )
        add("account.payment.term", name="A third now", line_ids=[1, 2], **own)
        add(
            "account.payment.term.line",
            value="percent",
            value_amount=33.33,
            option="day_after_invoice_date",
        )
        add(
            "account.payment.term.line",
            value="balance",
            option="day_following_month",
            days=15,
            sequence=5,
        )
        add("account.payment.term", name="This month", line_ids=[3], **own)
        add("account.payment.term.line", value="balance", option="day_current_month")
        add("account.analytic.account", name="Paris", code="P", **own)
        add(
            "product.product",
            name="Flour",
            type="product",
            uom_id=[3, "Sack"],
            purchase_ok=True,
            **own,
        )
        add("res.partner", name="Home", type="private", active=True, company_id=False)

    def test_an_odoo_14_becomes_records_of_odoo_19(self):
        self._mirror()

        account = self._local("account", 1)
        self.assertEqual((account.code, account.account_type), ("6410.20", "expense"))
        self.assertEqual(self._row("account", 1).code, "6410-20")
        self.assertEqual(self.hub.fiscalyear_lock_date, date(2024, 12, 31))
        tax = self._local("tax", 1)
        self.assertEqual(
            tax.invoice_repartition_line_ids.account_id, self._local("account", 2)
        )
        self.assertTrue(tax.is_base_affected, "as Odoo 14 computes it")
        self.assertRecordValues(
            self._local("payment_term", 1).line_ids,
            [
                {
                    "value": "percent",
                    "value_amount": 33.33,
                    "delay_type": "days_after",
                    "nb_days": 0,
                    "days_next_month": "10",
                },
                {
                    "value": "percent",
                    "value_amount": 66.67,
                    "delay_type": "days_end_of_month_on_the",
                    "nb_days": 0,
                    "days_next_month": "15",
                },
            ],
        )
        own, _others = self.env["account.analytic.plan"]._get_all_plans()
        self.assertEqual(self._local("analytic_account", 1).plan_id, own)
        self.assertEqual(self._local("partner", 1).type, "other")

    def test_an_account_is_found_by_the_code_that_it_has_in_the_remote(self):
        self._mirror()
        accounts = self.env["account.account"].with_company(self.hub)
        code = SimpleNamespace(code="6410-20", description="", account_type=2)

        texts = accounts._procurify_clues(code).marks[SAME_CODE, "code"]

        found = search_by(accounts, "code", texts)
        self.assertIn(self._local("account", 1), found.values())

    def test_units_of_a_category_are_those_that_contain_as_much(self):
        self._mirror()

        self.assertEqual(self._local("unit", 1), self.env.ref("uom.product_uom_kgm"))
        self.assertEqual(self._local("unit", 2), self.env.ref("uom.product_uom_gram"))
        sack = self._local("unit", 3)
        self.assertEqual(sack.factor, 25 * self.env.ref("uom.product_uom_kgm").factor)
        self.assertEqual(self._local("product", 1).uom_id, sack)
        self.assertEqual(self._local("product", 1).type, "consu")

    def test_a_term_that_this_odoo_cannot_say_is_not_made(self):
        self._mirror()

        row = self._row("payment_term", 2)
        self.assertFalse(row.res_id)
        self.assertTrue(row.reason)


@tagged("post_install", "-at_install", "procurify")
class TestReadOnly(LocalRecordsCommon):
    def _fill(self):
        add = self.remote.add
        add("uom.uom", name="Units", relative_factor=1.0, active=True)
        add(
            "account.account",
            code="6200",
            name="Costs",
            account_type="expense",
            active=True,
            company_ids=[1],
        )
        add("res.partner", name="Blank", type="contact", active=True, company_id=False)
        add(
            "account.payment.term",
            name="Net 30",
            line_ids=[1],
            active=True,
            company_id=False,
        )
        add(
            "account.payment.term.line",
            value="percent",
            value_amount=100.0,
            delay_type="days_after",
            nb_days=30,
            days_next_month="10",
        )
        add(
            "product.product",
            name="Toner",
            type="consu",
            uom_id=[1, "Units"],
            active=True,
            company_id=False,
        )

    def _person(self):
        person = new_test_user(
            self.env,
            "adviser",
            "account.group_account_manager,base.group_partner_manager,"
            "product.group_product_manager",
            company_id=self.hub.id,
            company_ids=[(6, 0, self.hub.ids)],
        )
        return self.env(user=person, su=False)

    def test_a_person_does_not_change_what_comes_from_the_remote(self):
        self._mirror()
        env = self._person()
        partner = env["res.partner"].browse(self._local("partner", 1).id)
        account = env["account.account"].browse(self._local("account", 1).id)
        product = env["product.product"].browse(self._local("product", 1).id)
        term = env["account.payment.term"].browse(self._local("payment_term", 1).id)
        for refused in (
            lambda: term.write({"line_ids": [(5, 0, 0)]}),
            lambda: term.line_ids.write({"nb_days": 90}),
            lambda: partner.write({"name": "Mine"}),
            lambda: partner.write({"active": False}),
            partner.unlink,
            lambda: account.write({"account_type": "income"}),
            lambda: product.product_tmpl_id.write({"name": "Mine"}),
            lambda: product.write({"default_code": "M"}),
        ):
            with self.assertRaisesRegex(UserError, "comes from the remote Odoo"):
                refused()
        self.assertTrue(partner.procurify_is_mirrored)
        self.assertTrue(product.product_tmpl_id.procurify_is_mirrored)

        partner.write({"comment": "A note of ours"})
        mine = env["res.partner"].create({"name": "Mine"})
        mine.name = "Ours"
        self.assertFalse(mine.procurify_is_mirrored)

    def test_without_a_remote_odoo_a_write_asks_nothing_more(self):
        self.env["procurify.target"].search([]).sudo().unlink()
        self.env.registry.clear_cache()
        env = self._person()
        partner = env["res.partner"].create({"name": "Mine"})
        spent = []
        model = type(self.env["res.partner"])
        check = model._procurify_check_mirrored
        for checked in (check, check, lambda _self: None):
            with patch.object(model, "_procurify_check_mirrored", checked):
                env.flush_all()
                before = env.cr.sql_log_count
                partner.write({"name": f"Mine {len(spent)}"})
                env.flush_all()
                spent.append(env.cr.sql_log_count - before)
        self.assertEqual(spent[1], spent[2])
