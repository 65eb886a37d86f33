"""What was meant is what stays: Odoo's defaults decide nothing, and a rule that
changes a document is named."""

import json
from datetime import date
from decimal import Decimal
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.procurify_connector.importers.bills.importer import BillImport
from odoo.addons.procurify_connector.importers.orders.importer import OrderImport

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestMeant(ProcurifyCommon):
    master_data_ready = True

    # === DEFAULTS === #

    def test_defaults_of_a_user_change_no_amount_and_no_account(self):
        term = self._discounting_term()
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "To 5",
                "rounding": 5,
                "strategy": "biggest_tax",
            }
        )
        position = self._position()
        journal = self.company_data["default_journal_purchase"].copy()
        product = self.env["product.product"].create({"name": "Not this one"})
        for model, name, value in (
            ("account.move.line", "deductible_amount", 50.0),
            ("account.move.line", "discount", 10.0),
            ("account.move.line", "product_id", product.id),
            ("account.move", "invoice_cash_rounding_id", rounding.id),
            ("account.move", "fiscal_position_id", position.id),
            ("account.move", "invoice_payment_term_id", term.id),
            ("account.move", "journal_id", journal.id),
            ("account.move", "auto_post", "at_date"),
            ("purchase.order", "fiscal_position_id", position.id),
            ("purchase.order", "payment_term_id", term.id),
            ("purchase.order.line", "discount", 10.0),
        ):
            self.env["ir.default"].set(model, name, value)
        scenarios = ("plain", "several_taxes", "credit", "tax_inclusive")
        bills = [self.dataset.add_bill(each) for each in scenarios]
        order_id = self.dataset.add_order("line_taxes")
        self._synchronise()

        for bill_id in bills:
            move = self._move(bill_id)
            expected = abs(self.dataset.expected()[bill_id].total)
            with self.subTest(bill=bill_id):
                self.assertEqual(self._record("bill", bill_id).hold_reason, "")
                self.assertEqual(Decimal(f"{move.amount_total:.2f}"), expected)
                kinds = set(move.line_ids.mapped("display_type"))
                self.assertLessEqual(kinds, {"product", "tax", "payment_term"})
                self.assertEqual(
                    set(move.invoice_line_ids.mapped("deductible_amount")), {100.0}
                )
                self.assertNotIn(product, move.invoice_line_ids.product_id)
                self.assertFalse(move.fiscal_position_id)
                self.assertFalse(move.invoice_payment_term_id.early_discount)
                self.assertEqual(
                    move.journal_id, self.company_data["default_journal_purchase"]
                )
                self.assertEqual(move.auto_post, "no")
        order = self._purchase(order_id)
        self.assertFalse(order.fiscal_position_id)
        self.assertNotEqual(order.payment_term_id, term)
        self.assertEqual(set(order.order_line.mapped("discount")), {0.0})

    def test_defaults_that_come_later_change_no_revision_and_no_replay(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        self.env["ir.default"].set("account.move.line", "deductible_amount", 50.0)
        self.env["ir.default"].set("account.move.line", "discount", 10.0)

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        self._record("bill", bill_id).action_replay()

        move = self._move(bill_id)
        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        self.assertEqual(set(move.invoice_line_ids.mapped("discount")), {0.0})
        expected = self.dataset.expected()[bill_id].total
        self.assertEqual(Decimal(f"{move.amount_total:.2f}"), expected)

    def test_early_discount_of_the_vendor_is_not_procurifys(self):
        for kind in ("included", "excluded", "mixed"):
            term = self._discounting_term(kind)
            for scenario in ("several_taxes", "credit"):
                bill_id = self.dataset.add_bill(scenario, due_date=None)
                vendor = self._record("vendor", self.dataset.bill(bill_id).vendor_id)
                partner = self.env["res.partner"].browse(vendor.res_id)
                partner.property_supplier_payment_term_id = term
                self._synchronise()
                move = self._move(bill_id)
                with self.subTest(kind=kind, scenario=scenario):
                    self.assertEqual(self._record("bill", bill_id).hold_reason, "")
                    self.assertEqual(
                        Decimal(f"{move.amount_total:.2f}"),
                        abs(self.dataset.expected()[bill_id].total),
                    )
                    self.assertFalse(move.invoice_payment_term_id)
                    self.assertEqual(
                        (move.invoice_date_due - move.invoice_date).days, 30
                    )
                    self.assertFalse(any(move.line_ids.mapped("discount_date")))

    def test_payment_term_of_the_vendor_says_when_a_bill_without_due_date_is_due(self):
        term = self.env.ref("account.account_payment_term_45days")
        bill_id = self.dataset.add_bill("plain", due_date=None)
        vendor = self._record("vendor", self.dataset.bill(bill_id).vendor_id)
        partner = self.env["res.partner"].browse(vendor.res_id)
        partner.property_supplier_payment_term_id = term
        self._synchronise()

        move = self._move(bill_id)
        self.assertEqual(move.invoice_payment_term_id, term)
        self.assertEqual((move.invoice_date_due - move.invoice_date).days, 45)

    def test_journal_of_a_currency_is_chosen_as_odoo_chooses_it(self):
        bill_id = self.dataset.add_bill("plain", currency_id=3)
        euro = self.env.ref("base.EUR")
        journal = self.company_data["default_journal_purchase"].copy()
        journal.currency_id = euro
        self._synchronise()

        move = self._move(bill_id)
        self.assertEqual((move.currency_id, move.journal_id), (euro, journal))

    def test_journal_and_term_that_a_person_chose_survive_a_revision(self):
        bill_id = self.dataset.add_bill("plain", due_date=None)
        self._synchronise()
        move = self._move(bill_id)
        journal = self.company_data["default_journal_purchase"].copy()
        term = self.env.ref("account.account_payment_term_45days")
        booked = {
            "date": move.date,
            "invoice_currency_rate": move.invoice_currency_rate,
        }
        move.write({"journal_id": journal.id, "invoice_payment_term_id": term.id})
        move.write(booked)

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        self.assertEqual(
            (move.journal_id, move.invoice_payment_term_id), (journal, term)
        )
        self.assertEqual(move.invoice_line_ids.mapped("price_unit"), [12.34])

    # === LANGUAGES === #

    def test_texts_of_the_connector_are_no_change_in_another_language(self):
        self.connection.rounding_account_id = self._account("6999")
        bill_id, order_id = (
            self.dataset.add_bill("plain"),
            self.dataset.add_order("header_extras"),
        )
        self._fetch()
        record = self._record("bill", bill_id)
        order = self._record("purchase_order", order_id)
        for each, name in ((record, "total_cost_with_tax"), (order, "total")):
            each = each.sudo()
            payload = json.loads(each.payload)
            if payload.get(name):
                total = Decimal(payload[name]) + Decimal("0.01")
                each.payload = json.dumps(payload | {name: str(total)})
        self._import()
        self.assertEqual((record.hold_reason, order.hold_reason), ("", ""))
        move, bought = self._move(bill_id), self._purchase(order_id)
        texts = [bought.order_line.mapped("name"), move.invoice_line_ids.mapped("name")]
        stamps = (self._age(move), self._age(bought))

        self._speak_otherwise()
        # Another version, in which only the status is another one.
        (record | order).sudo().applied_digest = "another one"
        (record | order).sudo()._requeue()
        self._import()

        self.assertEqual((record.hold_reason, order.hold_reason), ("", ""))
        self.assertEqual((record.state, order.state), ("done", "done"))
        self.assertEqual(
            [bought.order_line.mapped("name"), move.invoice_line_ids.mapped("name")],
            texts,
        )
        self.assertEqual((move.write_date, bought.write_date), stamps)
        self.assertFalse(bought.message_ids.filtered(lambda m: "Changed" in m.body))

    def test_integration_user_of_another_language_changes_nothing(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.connection.rounding_account_id = self._account("6999")
        first = self.dataset.add_bill("plain", total_error=Decimal("0.01"))
        order_id = self.dataset.add_order("header_extras")
        self._synchronise()
        records = self._record("bill", first) | self._record("purchase_order", order_id)
        move, order = self._move(first), self._purchase(order_id)
        texts = move.invoice_line_ids.mapped("name") + order.order_line.mapped("name")

        self.connection.user_id.sudo().lang = "fr_FR"
        records.sudo().applied_digest = "another one"
        records.sudo()._requeue()
        second = self.dataset.add_bill("plain", total_error=Decimal("0.01"))
        self._synchronise()

        self.assertEqual(records.mapped("hold_reason"), ["", ""])
        self.assertEqual(
            move.invoice_line_ids.mapped("name") + order.order_line.mapped("name"),
            texts,
        )
        # What is made now speaks French: else nothing was tried.
        words = self._move(second).invoice_line_ids.mapped("name")
        self.assertTrue([text for text in words if text.startswith("Arrondi")], words)

    def _speak_otherwise(self):
        """Let the texts that the import makes be other ones, as in another language."""
        for importer, name in ((BillImport, "_rounding_line"),):
            original = getattr(importer, name)

            def translated(self, *args, original=original):
                lines = original(self, *args)
                for line in lines.values():
                    line["name"] = "Arrondi"
                return lines

            self.patch(importer, name, translated)
        extra = OrderImport.extra_line

        def translated_extra(self, record, label, amount, *, billed):
            return extra(self, record, f"Autre : {label}", amount, billed=billed)

        self.patch(OrderImport, "extra_line", translated_extra)

    # === RULES === #

    def test_rule_that_changes_the_account_of_a_bill_is_named(self):
        account = self._account("9998")
        for policy in ("draft", "posted"):
            self.connection.bill_policy = policy
            self._rule("account.move.line", {"account_id": account.id})
            for scenario in ("plain", "credit"):
                bill_id = self.dataset.add_bill(scenario)
                self._synchronise()
                record, move = self._record("bill", bill_id), self._move(bill_id)
                with self.subTest(policy=policy, scenario=scenario):
                    self.assertEqual(self._codes(record), {"booked_otherwise"})
                    self.assertIn("9998", record.hold_reason)
                    self.assertEqual(move.state, "draft")
                    self.assertTrue(record.difference)

    def test_everything_else_that_a_rule_may_change_is_named(self):
        partner = self.env["res.partner"].create({"name": "Another partner"})
        centre = self.env["account.analytic.account"].search(
            [("plan_id", "=", self.plans["department"].id)], limit=1
        )
        centre = centre.copy({"name": "Another centre"})
        tax = self.env["account.tax"].create(
            {"name": "Another tax", "amount": 0, "type_tax_use": "purchase"}
        )
        journal = self.company_data["default_journal_purchase"].copy()
        journal.name = "Another journal"
        term = self.env.ref("account.account_payment_term_45days")
        day = "2026-01-02"
        for model, values, word in (
            (
                "account.move.line",
                {"analytic_distribution": {str(centre.id): 100}},
                "Another centre",
            ),
            (
                "account.move.line",
                {"tax_ids": [Command.set(tax.ids)]},
                "Another tax",
            ),
            ("account.move", {"partner_id": partner.id}, "Another partner"),
            ("account.move", {"invoice_date_due": day}, "due date"),
            (
                "account.move",
                {"journal_id": journal.id, "date": "2026-03-10"},
                "Another journal",
            ),
            ("account.move", {"invoice_payment_term_id": term.id}, "payment term"),
        ):
            rule = self._rule(model, values)
            bill_id = self.dataset.add_bill("untaxed")
            self.dataset.revise_bill(bill_id, invoice_date=date(2026, 3, 10))
            self._synchronise()
            rule.clear()
            record = self._record("bill", bill_id)
            with self.subTest(values=values):
                self.assertEqual(self._codes(record), {"booked_otherwise"})
                self.assertIn(word, record.hold_reason)

    def test_rule_that_changes_procurifys_rate_is_named(self):
        rule = self._rule("account.move", {"invoice_currency_rate": 1.5})
        bill_id = self.dataset.add_bill("foreign_cad")
        self._synchronise()
        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.assertEqual(self._codes(record), {"booked_otherwise"})
        self.assertIn("rate", record.hold_reason)

        rule.clear()
        record.action_replay()

        self.assertEqual(record.hold_reason, "")
        self.assertAlmostEqual(move.invoice_currency_rate, 1.36, delta=0.01)

    def test_rule_that_changes_the_day_books_nothing_and_is_named(self):
        for name, booked in (("date", "2026-01-02"), ("invoice_date", "2026-01-31")):
            rule = self._rule("account.move", {name: "2026-01-02"})
            bill_id = self.dataset.add_bill("untaxed")
            self.dataset.revise_bill(bill_id, invoice_date=date(2026, 3, 10))
            self._synchronise()
            rule.clear()
            record = self._record("bill", bill_id)
            with self.subTest(name):
                self.assertEqual(self._codes(record), {"odoo_moved_date"})
                self.assertIn(booked, record.hold_reason)
                self.assertIn("2026-03-10", record.hold_reason)
                self.assertFalse(record.res_id)
            record.action_replay()
            move = self._move(bill_id)
            self.assertEqual(
                (move.invoice_date, move.date), (date(2026, 3, 10), date(2026, 3, 10))
            )

    def test_tax_and_payable_items_are_looked_at_too(self):
        account = self._account("2999", account_type="liability_payable")
        account.reconcile = True
        other = self._account("2998", account_type="liability_current")
        for kind, target in (("payment_term", account), ("tax", other)):
            rule = self._rule("account.move.line", {"account_id": target.id}, kind)
            bill_id = self.dataset.add_bill("several_taxes")
            self._synchronise()
            rule.clear()
            record = self._record("bill", bill_id)
            with self.subTest(kind=kind):
                self.assertEqual(self._codes(record), {"booked_otherwise"})
                self.assertIn(target.code, record.hold_reason)

    def test_rule_that_acts_on_posting_leaves_a_draft_and_is_named(self):
        self.connection.bill_policy = "posted"
        account = self._account("9998")
        moves = type(self.env["account.move"])
        post = moves._post

        def posted(moves, soft=True):
            done = post(moves, soft=soft)
            moves.invoice_line_ids.account_id = account
            return done

        self.patch(moves, "_post", posted)
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()

        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.assertEqual(self._codes(record), {"booked_otherwise"})
        self.assertEqual(move.state, "draft")
        self.assertNotIn(account, move.invoice_line_ids.account_id)

    def test_bill_is_corrected_and_posted_once_the_rule_is_gone(self):
        self.connection.bill_policy = "posted"
        account = self._account("9998")
        rule = self._rule("account.move.line", {"account_id": account.id})
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        record, move = self._record("bill", bill_id), self._move(bill_id)
        stamp = self._age(move)

        record.action_replay()
        self.assertEqual(self._codes(record), {"booked_otherwise"})
        self.assertEqual(move.write_date, stamp)

        rule.clear()
        record.action_replay()

        self.assertEqual(record.hold_reason, "")
        self.assertEqual((record.state, move.state), ("done", "posted"))
        self.assertNotIn(account, move.invoice_line_ids.account_id)

    def test_person_keeps_what_a_rule_made_or_brings_it_back(self):
        account = self._account("9998")
        rule = self._rule("account.move.line", {"account_id": account.id})
        bills = [self.dataset.add_bill("plain") for _number in range(2)]
        self._synchronise()
        kept, updated = (self._record("bill", bill_id) for bill_id in bills)

        kept.action_keep_odoo()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            updated.action_reset_and_update()
        rule.clear()
        updated.action_reset_and_update()

        self.assertEqual((kept.state, updated.state), ("done", "done"))
        self.assertEqual(self._move(bills[0]).invoice_line_ids.account_id, account)
        self.assertNotIn(account, self._move(bills[1]).invoice_line_ids.account_id)
        self.dataset.touch(bills[0])
        self._synchronise()
        self.assertEqual(kept.state, "done")

    def test_rule_that_changes_a_revised_draft_is_named(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        account = self._account("9998")
        self._rule("account.move.line", {"account_id": account.id})

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"booked_otherwise"})

    def test_rule_that_changes_an_order_is_named(self):
        product = self.env["product.product"].create({"name": "Another product"})
        partner = self.env["res.partner"].create({"name": "Another partner"})
        tax = self.env["account.tax"].search(
            [("type_tax_use", "=", "purchase"), ("amount", "!=", 0)], limit=1
        )
        tax = tax.copy({"name": "Another tax", "amount": 0})
        for model, values, word in (
            ("purchase.order.line", {"product_id": product.id}, "Another product"),
            ("purchase.order.line", {"tax_ids": [(6, 0, tax.ids)]}, "Another tax"),
            ("purchase.order.line", {"analytic_distribution": False}, "Analytic"),
            ("purchase.order", {"partner_id": partner.id}, "Another partner"),
        ):
            rule = self._rule(model, values)
            order_id = self.dataset.add_order("plain")
            self._synchronise()
            record = self._record("purchase_order", order_id)
            with self.subTest(values=values):
                self.assertEqual(self._codes(record), {"booked_otherwise"})
                self.assertIn(word, record.hold_reason)
                self.assertEqual(self._purchase(order_id).state, "draft")
            rule.clear()
            record.action_replay()
            with self.subTest(mended=values):
                self.assertEqual(record.hold_reason, "")
                self.assertEqual(self._purchase(order_id).state, "purchase")

    def test_rule_that_changes_a_request_of_a_requisition_is_named(self):
        self.connection.requisition_policy = "rfq"
        for name, value in (
            ("price_unit", 77.0),
            ("product_qty", 99.0),
            ("analytic_distribution", False),
        ):
            with self.subTest(name=name):
                number = self.dataset.add_requisition("approved")
                rule = self._rule("purchase.order.line", {name: value})
                self._synchronise()

                record = self._record("requisition", number)
                self.assertEqual(self._codes(record), {"booked_otherwise"})
                self.assertTrue(record.difference)
                requests = self._requests(number)
                self.assertEqual(set(requests.mapped("state")), {"draft"})

                # It is written again once the rule is gone, on the same request.
                rule.clear()
                record.action_replay()
                self.assertEqual(record.state, "done", record.hold_reason)
                self.assertFalse(record.difference)
                self.assertEqual(self._requests(number), requests)
                for line in requests.order_line:
                    self.assertNotIn(line.price_unit, (77.0,))
                    self.assertNotIn(line.product_qty, (99.0,))

    def test_rule_that_changes_the_vendor_of_a_request_makes_no_second_one(self):
        self.connection.requisition_policy = "rfq"
        number = self.dataset.add_requisition("approved")
        count = self.env["purchase.order"].search_count([])
        rule = self._rule("purchase.order", {"partner_id": self.partner_b.id})
        self._synchronise()
        record = self._record("requisition", number)
        self.assertEqual(self._codes(record), {"booked_otherwise"})
        requests = self._requests(number)
        record.action_replay()
        rule.clear()

        made = self.env["purchase.order"].search_count([]) - count
        self.assertEqual(made, len(requests))
        self.assertEqual(self._requests(number), requests)
        self.assertNotIn(self.partner_b, requests.partner_id)
        self.assertEqual(record.state, "done", record.hold_reason)

    def test_person_keeps_what_a_rule_made_of_a_request(self):
        self.connection.requisition_policy = "rfq"
        number = self.dataset.add_requisition("approved")
        rule = self._rule("purchase.order.line", {"price_unit": 77.0})
        self._synchronise()
        rule.clear()
        record = self._record("requisition", number)

        record.action_keep_odoo()
        self.assertEqual(record.state, "done")
        record.action_replay()

        self.assertEqual(record.state, "done", record.hold_reason)
        prices = self._requests(number).order_line.mapped("price_unit")
        self.assertEqual(set(prices), {77.0})

    def test_rule_that_changes_an_order_on_its_confirmation_is_named(self):
        product = self.env["product.product"].create({"name": "Another product"})
        orders = type(self.env["purchase.order"])
        confirm = orders.button_confirm

        def confirmed(orders):
            done = confirm(orders)
            orders.order_line.product_id = product
            return done

        self.patch(orders, "button_confirm", confirmed)
        order_id = self.dataset.add_order("plain")
        self._synchronise()

        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"booked_otherwise"})
        self.assertEqual(self._purchase(order_id).state, "draft")

    def test_comparison_of_a_batch_asks_the_database_nothing_per_bill(self):
        def queries(count):
            bills = [self.dataset.add_bill("several_taxes") for _n in range(count)]
            self._fetch()
            records = self.env["procurify.record"].union(
                *(self._record("bill", bill_id) for bill_id in bills)
            )
            asked = []
            moves = type(self.env["account.move"])
            compare = moves._procurify_otherwise

            def counted(model, *args):
                start = model.env.cr.sql_log_count
                found = compare(model, *args)
                asked.append(model.env.cr.sql_log_count - start)
                return found

            with patch.object(moves, "_procurify_otherwise", counted):
                records.sudo()._import()
            self.assertEqual(set(records.mapped("state")), {"done"})
            return sum(asked)

        queries(1)
        self.assertEqual(queries(2), queries(8))

    # === HELPERS === #

    def _rule(self, model, values, kind="product"):
        """Change what is created as an automation rule does.

        :param values: what the rule writes
        :param kind: of the journal items on which it acts
        :returns: a list; clearing it takes the rule away
        """
        records, active = type(self.env[model]), [True]
        create = records.create

        def created(records, vals_list):
            made = create(records, vals_list)
            mine = made
            if model == "account.move.line":
                mine = made.filtered(lambda item: item.display_type == kind)
            if active and mine:
                mine.write(values)
            return made

        self.patch(records, "create", created)
        return active

    def _requests(self, number):
        """Return the requests for quotation of a requisition that have lines."""
        ids = [line.id for line in self.dataset.requisition_lines(number)]
        items = self._records("order_item").filtered(
            lambda item: item.external_id in set(map(str, ids)) and item.res_id
        )
        lines = self.env["purchase.order.line"].browse(items.mapped("res_id"))
        return lines.order_id

    def _purchase(self, order_id):
        record = self._record("purchase_order", order_id)
        return self.env["purchase.order"].browse(record.res_id)

    def _discounting_term(self, kind="mixed"):
        return self.env["account.payment.term"].create(
            {
                "name": f"2/10 net 30, {kind}",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": kind,
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 100, "nb_days": 30}
                    )
                ],
            }
        )

    def _position(self):
        return self.env["account.fiscal.position"].create({"name": "Elsewhere"})
