"""What vendors say of payment, contact and taxes: on new contacts, then offered."""

from lxml import html

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon

TAG = "procurify_connector.partner_category_1099"


@tagged("post_install", "-at_install", "procurify")
class TestVendorFacts(ProcurifyCommon):
    def setUp(self):
        super().setUp()
        # Vendors that the books do not have.
        self.vendor_id, self.other_id = self._unknown_vendors()[:2]
        self.net_30, self.net_45 = self.env["account.payment.term"].create(
            [
                {
                    "name": name,
                    "line_ids": [
                        Command.create(
                            {"value": "percent", "value_amount": 100, "nb_days": days}
                        )
                    ],
                }
                for name, days in (("Net 30", 30), ("Net 45", 45))
            ]
        )
        self.facts = {
            "contact": "Ada <b>Rossi</b>",
            "phone": "+1 555 0111",
            "is_1099": True,
            "payment_term": "Net 30",
        }
        self.dataset.edit_vendor(self.vendor_id, **self.facts)

    def _unknown_vendors(self):
        names = set(self.env["res.partner"].search([]).mapped("name"))
        return [
            vendor.id
            for vendor in self.dataset.vendors()
            if vendor.active
            and vendor.type in (3, 4)
            and not vendor.email
            and not vendor.external_id
            and "Kestrel" not in vendor.name
            and vendor.name not in names
        ]

    # === AT CREATION === #

    def test_new_contact_has_term_person_phone_and_tax_mark(self):
        self._synchronise()

        partner = self._partner()

        self.assertEqual(partner.property_supplier_payment_term_id, self.net_30)
        self.assertEqual(partner.phone, "+1 555 0111")
        self.assertEqual(partner.child_ids.mapped("name"), ["Ada <b>Rossi</b>"])
        self.assertEqual(partner.child_ids.type, "contact")
        self.assertIn(self.env.ref(TAG), partner.category_id)
        self.assertFalse(partner.procurify_offers)

    def test_vendor_that_says_nothing_has_none_of_it(self):
        nothing = {"contact": None, "is_1099": None, "payment_term": None}
        self.dataset.edit_vendor(self.vendor_id, **nothing)
        self._synchronise()

        partner = self._partner()

        self.assertFalse(partner.property_supplier_payment_term_id)
        self.assertFalse(partner.child_ids)
        self.assertFalse(partner.category_id)

    def test_term_that_is_mapped_later_is_offered(self):
        self.net_30.name = "30 days"
        self._synchronise()
        partner = self._partner()
        self.assertFalse(partner.property_supplier_payment_term_id)
        self.assertFalse(partner.procurify_offers)

        self._map(self._records("payment_term", name="Net 30"), self.net_30)

        partner.invalidate_recordset()
        self.assertEqual(self._offered(partner)[-1], ["", "30 days"])
        partner.action_procurify_take_over()
        self.assertEqual(partner.property_supplier_payment_term_id, self.net_30)

    def test_unknown_term_keeps_no_vendor_out(self):
        (self.net_30 | self.net_45).unlink()
        self._synchronise()

        self.assertEqual(self._record("vendor", self.vendor_id).state, "done")
        self.assertEqual(
            self._codes(self._records("payment_term", name="Net 30")),
            {"unknown_payment_term"},
        )

    # === ON CHANGE === #

    def test_change_is_offered_and_changes_nothing_by_itself(self):
        self._synchronise()
        partner = self._partner()
        self._change()

        self.assertEqual(partner.property_supplier_payment_term_id, self.net_30)
        self.assertEqual(partner.child_ids.mapped("name"), ["Ada <b>Rossi</b>"])
        self.assertIn(self.env.ref(TAG), partner.category_id)
        self.assertEqual(
            sorted(self._offered(partner)),
            [["", "Bo <i>Lind</i>"], ["Net 30", "Net 45"], ["Yes", "No"]],
        )
        self.assertNotIn("<i>", partner.procurify_offers)

    def test_note_says_the_change_once(self):
        self._synchronise()
        partner = self._partner()
        self._change()
        self.assertEqual(len(self._notes(partner)), 1)

        self._record("vendor", self.vendor_id).action_replay()
        self.dataset.edit_vendor(self.vendor_id, street="1 Other Street")
        self._synchronise()

        [note] = self._notes(partner)
        self.assertIn("Net 45", note.body)
        self.assertNotIn("<i>", note.body)

    def test_take_over_writes_what_was_offered(self):
        self._synchronise()
        partner = self._partner()
        self._change()

        partner.action_procurify_take_over()

        self.assertEqual(partner.property_supplier_payment_term_id, self.net_45)
        self.assertIn("Bo <i>Lind</i>", partner.child_ids.mapped("name"))
        self.assertNotIn(self.env.ref(TAG), partner.category_id)
        self.assertFalse(partner.procurify_offers)

    def test_take_over_writes_for_the_company_of_the_vendor(self):
        self._synchronise()
        partner = self._partner()
        self._change()
        other = self.setup_other_company()["company"]
        self.env.user.company_ids |= other
        there = partner.with_context(allowed_company_ids=[other.id, self.company.id])
        self.assertIn(["Net 30", "Net 45"], self._offered(there))

        there.action_procurify_take_over()

        name = "property_supplier_payment_term_id"
        self.assertEqual(partner.with_company(self.company)[name], self.net_45)
        self.assertFalse(partner.with_company(other)[name])

    def test_what_two_vendors_say_differently_stays_offered(self):
        partner = self.env["res.partner"].create(
            {"name": "Both of them", "is_company": True}
        )
        self._fetch()
        for number in (self.vendor_id, self.other_id):
            self._map(self._record("vendor", number), partner)
        self._import()
        first = {"phone": "+1 555 0222", "contact": "Bo Lind", "payment_term": "Net 45"}
        self.dataset.edit_vendor(self.vendor_id, **first)
        self.dataset.edit_vendor(self.other_id, phone="+1 555 0333", contact="Cy Vale")
        self._synchronise()
        partner.invalidate_recordset()

        partner.action_procurify_take_over()

        self.assertEqual(partner.property_supplier_payment_term_id, self.net_45)
        self.assertEqual(set(partner.child_ids.mapped("name")), {"Bo Lind", "Cy Vale"})
        self.assertFalse(partner.phone)
        self.assertEqual(
            sorted(self._offered(partner)), [["", "+1 555 0222"], ["", "+1 555 0333"]]
        )

    def test_keep_leaves_the_contact_until_the_next_change(self):
        self._synchronise()
        partner = self._partner()
        self._change()

        partner.action_procurify_keep()

        self.assertEqual(partner.property_supplier_payment_term_id, self.net_30)
        self.assertFalse(partner.procurify_offers)
        self._change(payment_term="Due on receipt", contact="Cy Vale")
        self.assertEqual(self._offered(partner), [["", "Cy Vale"]])

    def test_contact_that_was_found_is_not_asked_to_become_the_vendor(self):
        """What differed when it was linked is its own; a later change is offered."""
        vendor = next(v for v in self.dataset.vendors() if v.id == self.other_id)
        partner = self.env["res.partner"].create(
            {"name": vendor.name, "email": vendor.email, "is_company": True}
        )
        self.dataset.edit_vendor(self.other_id, payment_term="Net 30", contact=None)
        self._fetch()
        self._map(self._record("vendor", self.other_id), partner)
        self._import()
        self.assertFalse(partner.procurify_offers)

        self.dataset.edit_vendor(self.other_id, payment_term="Net 45")
        self._synchronise()

        partner.invalidate_recordset()
        self.assertEqual(self._offered(partner), [["", "Net 45"]])
        self.assertFalse(partner.property_supplier_payment_term_id)

    def test_what_a_person_corrected_already_is_not_offered(self):
        self._synchronise()
        partner = self._partner()
        partner.property_supplier_payment_term_id = self.net_45
        partner.child_ids = [Command.create({"name": "BO <i>LIND</i>"})]
        partner.category_id = False

        self._change()

        self.assertFalse(partner.procurify_offers)
        self.assertFalse(self._notes(partner))

    def test_contacts_with_offers_are_found_by_a_filter(self):
        self._synchronise()
        partner = self._partner()
        partners = self.env["res.partner"]
        offered = [("has_procurify_offers", "=", True)]
        self.assertFalse(partners.search(offered))

        self._change()

        self.assertEqual(partners.search(offered), partner)
        self.assertNotIn(
            partner, partners.search([("has_procurify_offers", "=", False)])
        )
        partner.action_procurify_keep()
        self.assertFalse(partners.search(offered))

    def test_offers_of_many_contacts_are_looked_for_as_sets(self):
        self._synchronise()
        vendors = self._records("vendor", state="done", origin="created")[:20]
        self.assertGreater(len(vendors), 10)

        def look(records):
            partners = self.env["res.partner"].browse(records.mapped("res_id"))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            partners.mapped("has_procurify_offers")
            return self.env.cr.sql_log_count - before

        look(vendors)
        self.assertEqual(look(vendors[:4]), look(vendors))

    def test_both_decisions_are_in_the_audit(self):
        self._synchronise()
        partner = self._partner()
        self._change()
        partner.action_procurify_take_over()
        self._change(payment_term="Net 30", contact=None, is_1099=None)
        partner.action_procurify_keep()

        record = self._record("vendor", self.vendor_id)
        kept, taken = record.audit_ids.filtered(lambda row: row.event == "chosen")[:2]
        self.assertEqual(taken.sudo().after["choice"], "take_over")
        self.assertEqual(kept.sudo().after["choice"], "keep")
        self.assertIn("Net 45", taken.sudo().after.values())
        self.assertIn("Net 30", taken.sudo().before.values())
        self.assertIn("Net 30", kept.sudo().after.values())

    # === RIGHTS === #

    def test_only_reviewers_who_may_change_contacts_decide(self):
        self._synchronise()
        partner = self._partner()
        self._change()
        for name, groups in (
            ("reader", "procurify_connector.group_user"),
            ("clerk", "base.group_partner_manager"),
        ):
            user = new_test_user(
                self.env, name, groups=groups, company_id=self.company.id
            )
            for button in ("action_procurify_take_over", "action_procurify_keep"):
                with (
                    self.subTest(user=name, button=button),
                    self.assertRaises(AccessError),
                ):
                    getattr(partner.with_user(user), button)()

    # === HELPERS === #

    def _change(self, **facts):
        """Let Procurify change the vendor, read it, and forget what was shown."""
        new = {"contact": "Bo <i>Lind</i>", "is_1099": False, "payment_term": "Net 45"}
        self.dataset.edit_vendor(self.vendor_id, **(facts or new))
        self._synchronise()
        self._partner().invalidate_recordset()

    def _partner(self):
        record = self._record("vendor", self.vendor_id)
        self.assertEqual(record.state, "done", record.hold_reason)
        return self.env["res.partner"].browse(record.res_id)

    def _offered(self, partner):
        """Return [here, in Procurify] of each row of the banner."""
        rows = html.fromstring(partner.procurify_offers or "<p/>").iter("tr")
        return [[cell.text_content() for cell in row.iter("td")] for row in rows]

    def _notes(self, partner):
        messages = partner.message_ids
        return messages.filtered(lambda m: "Procurify changed this vendor" in m.body)
