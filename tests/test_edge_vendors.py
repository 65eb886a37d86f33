"""Edge cases of vendors and currencies: docs/edge-cases.rst has all of them."""

import unicodedata
from decimal import Decimal
from http import HTTPStatus

from odoo.tests import tagged

from odoo.addons.procurify_connector.fetching.tenant import open_client
from odoo.addons.procurify_connector.procurify import ForbiddenError

from .common import ProcurifyCommon

OTHER = 1
USD, EUR, SEK = 1, 3, 4


@tagged("post_install", "-at_install", "procurify")
class TestEdgeVendors(ProcurifyCommon):
    # === NAMES === #

    def test_renamed_vendor_renames_only_the_partner_that_was_made_for_it(self):
        made, found = self._vendors(2)
        name = self.dataset.vendor(found).name
        ours = self.env["res.partner"].create({"name": name, "is_company": True})
        self._synchronise()
        theirs = self._partner(made)
        self.assertEqual(self._partner(found), ours)

        self.dataset.rename_vendor(made, "Castings & Sons")
        self.dataset.rename_vendor(found, "Another Name")
        self._synchronise()

        self.assertEqual(self._partner(made), theirs, "no second partner")
        self.assertEqual(theirs.name, "Castings & Sons")
        self.assertEqual(ours.name, name)

    def test_new_partner_has_the_state_and_the_currency_of_its_vendor(self):
        texas = self.env.ref("base.state_us_44")
        georgia = self.env.ref("base.state_us_11")
        nothing = texas.browse()
        eur = self.env.ref("base.EUR")
        expected = {
            ("United States", texas.code, EUR): (texas, eur),
            ("us", georgia.name.upper(), USD): (georgia, eur.browse()),
            ("Germany", texas.code, SEK): (nothing, eur.browse()),
            ("", texas.name, None): (nothing, eur.browse()),
        }
        vendors = self._vendors(len(expected))
        for vendor_id, place in zip(vendors, expected, strict=True):
            self.dataset.place_vendor(vendor_id, *place)
        self._synchronise()

        for vendor_id, (place, found) in zip(vendors, expected.items(), strict=True):
            with self.subTest(place=place):
                partner = self._partner(vendor_id)
                currency = partner.property_purchase_currency_id
                self.assertEqual((partner.state_id, currency), found)

    def test_vendor_renamed_to_do_not_use_keeps_its_name_and_says_so(self):
        made, found = self._vendors(2)
        self.env["res.partner"].create({"name": self.dataset.vendor(found).name})
        self._synchronise()
        for vendor_id in (made, found):
            partner = self._partner(vendor_id)
            name = partner.name
            retired = f"{name} - Do not use <b>"

            self.dataset.rename_vendor(vendor_id, retired)
            self._synchronise()

            with self.subTest(vendor=name):
                self.assertEqual(partner.name, name)
                self.assertTrue(partner.active)
                told = [m for m in partner.message_ids if "Do not use" in m.body]
                self.assertEqual(len(told), 1)
                self.assertNotIn("<b>", told[0].body)
        self._records("vendor").action_replay()
        told = [m for m in partner.message_ids if "Do not use" in m.body]
        self.assertEqual(len(told), 1, "it is said once")

        self.dataset.rename_vendor(made, "Back Again")
        self._synchronise()
        self.assertEqual(self._partner(made).name, "Back Again")

    def test_namesakes_on_different_pages_are_distinguished_from_the_first_page_on(
        self,
    ):
        self.connection.page_size = 2
        first, *_others, last = sorted(self._vendors(6))
        self.dataset.rename_vendor(first, "Twin Works")
        self.dataset.rename_vendor(last, "Twin Works")
        stream = self.connection.sudo().stream_ids.filtered(
            lambda s: s.resource == "vendor"
        )
        with open_client(self.connection) as client:
            pages = stream._fetch(client)
            for _page in range(2):
                next(pages)
            self._import()
            self.assertEqual(set(self._records("vendor").mapped("state")), {"waiting"})
            for _page in pages:
                pass
        self._import()

        for vendor_id in (first, last):
            record = self._record("vendor", vendor_id)
            self.assertEqual(self._codes(record), {"ambiguous_vendor"})

    def test_vendors_read_before_the_list_was_forbidden_are_imported(self):
        self.connection.page_size = 2
        stream = self.connection.sudo().stream_ids.filtered(
            lambda s: s.resource == "vendor"
        )
        with open_client(self.connection) as client:
            next(stream._fetch(client))
        stream._note_failure(
            ForbiddenError("forbidden", url_path="/", http_status=HTTPStatus.FORBIDDEN)
        )
        self._import()

        self.assertNotIn("waiting", self._records("vendor").mapped("state"))

    def test_composed_and_decomposed_names_are_one(self):
        vendor_id = self._vendors(1)[0]
        self.dataset.rename_vendor(vendor_id, "Sta\u0308lhof Ou\u0308")
        partner = self.env["res.partner"].create(
            {"name": unicodedata.normalize("NFC", "STA\u0308LHOF OU\u0308")}
        )
        self._synchronise()

        self.assertEqual(self._partner(vendor_id), partner)

    def test_half_a_character_in_what_a_document_embeds_is_dropped(self):
        bill_id = self.dataset.add_bill("inactive_vendor")
        vendor_id = self.dataset.bill(bill_id).vendor_id
        self.dataset.rename_vendor(vendor_id, "Half \ud83d and NUL \x00 Works")
        order_id = self.dataset.add_order("plain")
        self.dataset.revise_order(order_id, name="Half \ud83d a nut \x00", sku="\udc00")
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(record.hold_reason, "")
        self.assertEqual(self._move(bill_id).partner_id.name, "Half  and NUL  Works")
        order = self._record("purchase_order", order_id)
        self.assertEqual(order.hold_reason, "")
        line = self.env["purchase.order"].browse(order.res_id).order_line[0]
        self.assertIn("Half  a nut", line.name)
        vendor = self._record("vendor", vendor_id)
        self.assertIn("Works", vendor.payload_text)

    def test_half_a_character_in_the_order_line_of_a_bill_is_no_issue(self):
        order_id = self.dataset.add_order("plain")
        self.dataset.revise_order(order_id, name="Half \ud83d a nut", sku="\udc00")
        bill_id = self.dataset.bill_order(order_id)
        self.connection.stream_ids.filtered(
            lambda stream: stream.resource in ("purchase_order", "order_item")
        ).active = False
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        self.assertTrue(self._move(bill_id))
        self.assertTrue(self._records("order_item"), "staged with the bill")

    def test_long_vendor_name_is_not_cut_as_on_the_bill(self):
        bill_id = self.dataset.add_bill("plain")
        name = f"{'Long ' * 28}Name"
        self.assertGreater(len(name), 100)
        self.dataset.rename_vendor(self.dataset.bill(bill_id).vendor_id, name)
        self._synchronise()

        self.assertEqual(self._move(bill_id).partner_id.name, name)

    def test_vendor_that_is_gone_from_the_list_still_bills(self):
        vendor_id, bill_id = self._vendors(1)[0], self.dataset.add_bill("plain")
        self.dataset.revise_bill(bill_id, vendor_id=vendor_id)
        self._synchronise()
        partner = self._partner(vendor_id)

        self.dataset.deactivate_vendor(vendor_id)
        late = self.dataset.add_bill("plain")
        self.dataset.revise_bill(late, vendor_id=vendor_id)
        unseen = self.dataset.add_bill("inactive_vendor")
        self._synchronise()

        self.assertEqual(self._move(late).partner_id, partner)
        self.assertTrue(partner.active, "nothing is archived by itself")
        self.assertTrue(self._move(unseen).partner_id)

    # === THE CATCH-ALL === #

    def test_each_name_of_the_vendor_other_is_mapped_on_its_own(self):
        orders = {}
        for name in ("Anna's Anvils", "anna’s anvils", "ANNA'S  ANVILS", "Bert"):
            orders[name] = self.dataset.add_order("other_vendor")
            for line, _line in enumerate(self.dataset.order_lines(orders[name])):
                self.dataset.revise_order(orders[name], line, vendor_text=name)
        bill_id = self.dataset.bill_order(orders["ANNA'S  ANVILS"])
        self._synchronise()
        names = self._records("vendor").filtered(
            lambda record: record.external_id.startswith("other:")
        )
        self.assertEqual(len(names), 3)
        self.assertFalse(any(names.mapped("web_url")), "a name has no page")
        order = self._record("purchase_order", orders["Anna's Anvils"])
        [issue] = order.issue_ids
        self.assertEqual(issue.code, "unknown_vendor")
        self.assertIn("Anna's Anvils", issue.message)
        self.assertEqual(issue.record_count, 3, "two orders and a bill")
        anna = self.env["res.partner"].create({"name": "Anna"})

        issue.action_resolve(res_id=anna.id)

        self.assertEqual(self._move(bill_id).partner_id, anna)
        booked = self.env["purchase.order"].browse(order.res_id)
        self.assertEqual(booked.partner_id, anna)
        held = self._record("purchase_order", orders["Bert"])
        self.assertEqual(self._codes(held), {"unknown_vendor"})

    def test_document_of_other_without_any_name_uses_the_contact_of_other(self):
        order_id = self.dataset.add_order("other_vendor")
        for line, _line in enumerate(self.dataset.order_lines(order_id)):
            self.dataset.revise_order(order_id, line, vendor_text="other")
        self._synchronise()
        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"unknown_vendor"})
        walk_in = self.env["res.partner"].create({"name": "Walk-in"})

        record.issue_ids.action_resolve(res_id=walk_in.id)

        self.assertEqual(record.state, "done")

    def test_document_of_other_with_several_names_is_on_hold(self):
        order_id = self.dataset.add_order("other_vendor")
        self.dataset.revise_order(order_id, 0, vendor_text="Anna")
        self.dataset.revise_order(order_id, 1, vendor_text="Bert")
        bill_id = self.dataset.bill_order(order_id)
        self._synchronise()

        for record in (
            self._record("purchase_order", order_id),
            self._record("bill", bill_id),
        ):
            self.assertEqual(self._codes(record), {"several_vendors"})
            self.assertIn("Anna", record.hold_reason)

    def test_name_on_a_line_does_not_stand_in_the_way_of_a_vendor(self):
        vendor_id = self._vendors(1)[0]
        name = "Newcomer Ltd."
        order_id = self.dataset.add_order("other_vendor")
        for line, _line in enumerate(self.dataset.order_lines(order_id)):
            self.dataset.revise_order(order_id, line, vendor_text=name)
        partner = self.env["res.partner"].create({"name": name})
        self._synchronise()
        issue = self._record("purchase_order", order_id).issue_ids
        self.assertEqual(issue.code, "unknown_vendor", "a person chooses")
        issue.action_resolve(res_id=partner.id)

        record = self._record("vendor", vendor_id)
        record.sudo().write({"res_id": False, "origin": False})
        self.dataset.rename_vendor(vendor_id, name)
        self._synchronise()

        self.assertEqual(self._partner(vendor_id), partner)

    def test_requisition_of_other_asks_whom_its_lines_name(self):
        self.connection.requisition_policy = "rfq"
        number = self.dataset.add_requisition("approved", vendor_id=OTHER)
        [first, second] = self.dataset.requisition_lines(number)
        for line in (first, second):
            self._rename_on_line(line, "Clara & Co")
        self._synchronise()
        record = self._record("requisition", number)
        [issue] = record.issue_ids
        self.assertEqual(issue.code, "unknown_vendor")
        clara = self.env["res.partner"].create({"name": "Clara"})

        issue.action_resolve(res_id=clara.id)

        request = self.env["purchase.order"].browse(record.res_id)
        self.assertEqual(request.partner_id, clara)

    def test_bill_of_other_that_odoo_has_already_is_adopted(self):
        order_id = self.dataset.add_order("other_vendor")
        for line, _line in enumerate(self.dataset.order_lines(order_id)):
            self.dataset.revise_order(order_id, line, vendor_text="Dora")
        bill_id = self.dataset.bill_order(order_id)
        dora = self.env["res.partner"].create({"name": "Dora's Doors"})
        existing = self.init_invoice(
            "in_invoice", partner=dora, amounts=[100.0], post=False
        )
        existing.ref = self.dataset.bill(bill_id).invoice_number
        self._synchronise()
        record = self._record("bill", bill_id)
        record.issue_ids.action_resolve(res_id=dora.id)
        self.assertEqual(self._codes(record), {"duplicate_bill"})

        record.action_adopt()

        self.assertEqual(record.res_id, existing.id)

    # === CURRENCIES === #

    def test_currency_of_a_free_name_is_mapped_to_one_without_cents(self):
        self.dataset.rename_currency(SEK, "yen (¥)")
        bill_id = self.dataset.add_bill("untaxed")
        for item in range(2):
            self.dataset.revise_bill(
                bill_id,
                item=item,
                quantity=Decimal(3),
                unit_cost=Decimal(1234),
                currency_id=SEK,
            )
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"unknown_currency"})
        yen = self.env.ref("base.JPY")
        yen.active = True

        record.issue_ids.action_resolve(res_id=yen.id)

        self.assertEqual(record.hold_reason, "")
        move = self._move(bill_id)
        self.assertEqual(move.currency_id, yen)
        self.assertEqual(move.amount_total, 2 * 3 * 1234)

    def test_name_of_a_currency_counts_without_case_and_spaces(self):
        self.dataset.rename_currency(3, " eur ")
        bill_id = self.dataset.add_bill("foreign_eur")
        self._synchronise()

        self.assertEqual(self._move(bill_id).currency_id.name, "EUR")

    # === HELPERS === #

    def _vendors(self, count):
        """Return ids of vendors that are found by nothing but their name."""
        return [
            vendor.id
            for vendor in self.dataset.vendors()
            if vendor.active
            and vendor.type in (3, 4)
            and not vendor.email
            and not vendor.external_id
            and "Kestrel" not in vendor.name
        ][:count]

    def _partner(self, vendor_id):
        record = self._record("vendor", vendor_id)
        self.assertEqual(record.state, "done")
        return self.env["res.partner"].browse(record.res_id)

    def _rename_on_line(self, line, name):
        """Type another vendor on a line that is on no order yet."""
        self.dataset.name_vendor_on_line(line.id, name)
