"""Creating in one step what is missing: previewed, with one's own rights, undone."""

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.importers.resource_kinds import PAYLOADS

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestCreation(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.connection.unit_policy = "hold"
        self.person = self._person(
            "maker",
            "account.group_account_manager,analytic.group_analytic_accounting,"
            "base.group_system,product.group_product_manager",
        )

    def test_preview_shows_what_each_would_become_and_saves_nothing(self):
        records = self._missing()
        before = self.env["account.account"].search_count([])

        creation = self._preview(records)

        self.assertEqual(creation.state, "preview")
        self.assertEqual(creation.line_ids.record_id, records)
        self.assertEqual(self.env["account.account"].search_count([]), before)
        lines = creation.line_ids.grouped("resource")
        self.assertEqual(lines["account_code"].account_type, "expense")
        self.assertEqual(lines["account_code"].code, "699100")
        self.assertTrue(lines["payment_term"].is_included)
        self.assertEqual(lines["currency"].name, "ISK")

    def test_type_of_an_account_follows_procurify_and_its_neighbours(self):
        self._account("699099", account_type="expense_direct_cost")
        self._account("699199", account_type="asset_fixed")
        near, asset = (
            self._staged(
                "account_code", code=code, description="Quux", account_type=kind
            )
            for code, kind in (("699100", 2), ("699101", 0))
        )

        lines = self._preview(near | asset).line_ids.grouped("record_id")

        self.assertEqual(lines[near].account_type, "expense_direct_cost")
        self.assertTrue(lines[asset].account_type.startswith("asset"))

    def test_what_says_too_little_is_shown_with_the_reason_and_not_selected(self):
        good = self._staged("payment_term", name="Net 37")
        odd = self._staged("payment_term", name="As agreed by mail")

        lines = self._preview(good | odd).line_ids.grouped("record_id")

        self.assertTrue(lines[good].is_included)
        self.assertFalse(lines[odd].is_included)
        self.assertIn("how many days", lines[odd].note)

    def test_exact_and_likely_suggestions_are_used_and_the_rest_is_created(self):
        exact = self._account("640100", name="Hoist inspection")
        likely = self._account("640200", name="Telephone")
        self._account("640300", name="Miscellaneous expenses")
        records = [
            self._staged(
                "account_code", code=f"X{place}", description=name, account_type=2
            )
            for place, name in enumerate(
                ("Hoist inspection", "Cell phones", "Mobile phones", "Quux of trials")
            )
        ]
        creation = self._preview(self.env["procurify.record"].union(*records))
        lines = creation.line_ids.grouped("record_id")
        chosen = [lines[record].choice for record in records]
        self.assertEqual(chosen, [*["suggestion"] * 3, "create"])
        self.assertIn("640200", lines[records[1]].suggested_name)

        creation.action_create()

        self.assertEqual(
            [record.res_id for record in records[:3]], [exact.id, likely.id, likely.id]
        )
        new = self.env["account.account"].browse(records[3].res_id)
        self.assertEqual(new.create_uid, self.person)

        creation.action_undo()

        self.assertFalse(any(record.res_id for record in records))
        self.assertTrue((exact | likely).exists())
        self.assertFalse(new.exists())

    def test_undoing_leaves_what_a_person_mapped_to_something_else_meanwhile(self):
        self._account("640200", name="Telephone")
        other = self._account("640300", name="Radio")
        record = self._staged(
            "account_code", code="X1", description="Cell phones", account_type=2
        )
        creation = self._preview(record)
        creation.action_create()
        record.action_map_to(other.id)

        creation.action_undo()

        self.assertEqual(record.res_id, other.id)

    def test_used_suggestion_is_not_undone_once_a_document_is_imported(self):
        account = self._account("640200", name="Plant trials")
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        [code] = self._records("account_code", code="7450")
        creation = self._preview(code)
        self.assertEqual(creation.line_ids.choice, "suggestion")
        creation.action_create()
        self.assertEqual(self._move(bill_id).invoice_line_ids.account_id, account)

        with self.assertRaisesRegex(UserError, "7450 .* is used already"):
            creation.action_undo()

        self.assertEqual(code.res_id, account.id)

    def test_no_suggestion_cannot_be_used(self):
        creation = self._preview(self._staged("department", name="Zymurgy"))

        with self.assertRaisesRegex(ValidationError, "no suggestion"):
            creation.line_ids.choice = "suggestion"

    def test_all_are_created_with_the_persons_rights_mapped_and_undone_as_one(self):
        records = self._missing()
        creation = self._preview(records)
        line = creation.line_ids.filtered(lambda r: r.resource == "department")
        line.name = "Zymurgy and more"

        creation.action_create()

        self.assertEqual(creation.state, "created")
        self.assertEqual(creation.created_count, len(records))
        self.assertEqual(set(records.mapped("origin")), {"manual"})
        targets = {r: self.env[r.res_model].browse(r.res_id) for r in records}
        made = {r.resource: target for r, target in targets.items()}
        self.assertEqual(made["department"].name, "Zymurgy and more")
        self.assertEqual(made["account_code"].create_uid, self.person)
        self.assertTrue(made["currency"].active)

        creation.action_undo()

        self.assertEqual(creation.state, "undone")
        self.assertFalse(any(records.mapped("res_id")))
        self.assertFalse(made.pop("currency").active)
        for target in made.values():
            self.assertFalse(target.exists(), target._name)

    def test_nothing_is_undone_once_something_is_booked(self):
        records = self._missing()
        creation = self._preview(records)
        creation.action_create()
        [code] = records.filtered(lambda r: r.resource == "account_code")
        self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "invoice_line_ids": [
                    Command.create({"account_id": code.res_id, "price_unit": 5})
                ],
            }
        )

        mapped = records.mapped("res_id")

        with self.assertRaisesRegex(UserError, "used already"):
            creation.action_undo()

        self.assertEqual(creation.state, "created")
        self.assertEqual(records.mapped("res_id"), mapped)

    def test_analytic_account_with_a_distribution_is_used(self):
        record = self._staged("department", name="Zymurgy")
        creation = self._preview(record)
        creation.action_create()
        self.env["purchase.order"].create(
            {
                "partner_id": self.partner_a.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product_a.id,
                            "product_qty": 1,
                            "price_unit": 1,
                            "analytic_distribution": {str(record.res_id): 100},
                        }
                    )
                ],
            }
        )

        with self.assertRaisesRegex(UserError, "used already"):
            creation.action_undo()

    def test_who_may_not_create_in_odoo_creates_nothing(self):
        record = self._staged(
            "account_code", code="699100", description="Quux", account_type=2
        )
        creation = self._preview(record)
        weak = self._person("weak", "base.group_user")

        with self.assertRaisesRegex(UserError, "nothing to create"):
            record.with_user(weak).action_preview_missing()
        with self.assertRaises(AccessError):
            creation.with_user(weak).action_create()

        self.assertFalse(record.res_id)
        self.assertEqual(creation.state, "preview")

    def test_people_change_names_and_types_and_nothing_else(self):
        record = self._staged("department", name="Zymurgy")
        creation = self._preview(record)

        for target, values in (
            (creation, {"state": "created"}),
            (creation.line_ids, {"res_id": 1, "res_model": "res.partner"}),
            (creation.line_ids, {"record_id": 1}),
        ):
            with self.assertRaises(AccessError):
                target.write(values)

    def test_setup_creates_what_its_list_shows(self):
        self.connection._enter_phase("setup")
        record = self._staged(
            "account_code", code="699100", description="Quux", account_type=2
        )
        record.sudo()._requeue()
        self.connection.action_dry_run_master_data()
        self.connection.dry_run_id.action_step()
        missing = self.connection.missing_mapping_ids
        self.assertIn(record.external_id, missing.mapped("mapped_id"))

        action = self.connection.action_preview_missing()

        creation = self.env[action["res_model"]].browse(action["res_id"])
        self.assertIn(record, creation.line_ids.record_id)
        creation.line_ids.filtered(lambda line: line.record_id != record).unlink()
        creation.action_create()
        left = self.connection.missing_mapping_ids.mapped("mapped_id")
        self.assertNotIn(record.external_id, left)
        self.connection.sudo().setup_step = "mapping"
        self.connection.stream_ids.sudo().last_success = fields.Datetime.now()
        before = self.connection.dry_run_id
        creation.action_undo()
        self.env.invalidate_all()
        self.assertNotEqual(self.connection.dry_run_id, before)

    # === HELPERS === #

    def _missing(self):
        """Return one record of each kind that can be created in one step."""
        return (
            self._staged("department", name="Zymurgy")
            | self._staged(
                "account_code", code="699100", description="Quux", account_type=2
            )
            | self._staged("payment_term", name="2/10 net 37")
            | self._staged("unit", name="Firkin")
            | self._staged("currency", name="ISK")
        )

    def _preview(self, records):
        action = records.with_user(self.person).action_preview_missing()
        self.assertEqual(action["target"], "new")
        return (
            self.env[action["res_model"]]
            .with_user(self.person)
            .browse(action["res_id"])
        )

    def _staged(self, resource, **data):
        self.number = getattr(self, "number", 990000) + 1
        data = {"id": self.number, "active": True} | data
        payload = PAYLOADS[resource].from_json(data)
        staged = self.env["procurify.record"]._stage_mentioned(
            self.connection, {(resource, payload.external_id): (data, payload)}
        )
        record = self._records(resource).browse(r.id for r in staged.values())
        record.sudo()._import()
        self.assertFalse(record.res_id)
        return record

    def _person(self, login, groups):
        return new_test_user(
            self.env,
            login,
            groups=f"procurify_connector.group_user,{groups}",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
