"""What Procurify's specification does not have, and what it leaves open."""

import json

from odoo.tests import tagged

from odoo.addons.procurify_connector.procurify import OrderState

from .common import ProcurifyCommon

UNDOCUMENTED = "undocumented_value"


@tagged("post_install", "-at_install", "procurify")
class TestUndocumented(ProcurifyCommon):
    master_data_ready = True

    # === STATES OF DOCUMENTS === #

    def test_order_in_a_state_that_nobody_documented_is_on_hold(self):
        for state in (77, "on hold", [], False):
            with self.subTest(state=state):
                record = self._sent("purchase_order", self._order(), state=state)

                self.assertEqual(self._codes(record), {UNDOCUMENTED})
                self.assertFalse(record.res_id)
                self.assertIn(f"state {state}", record.issue_ids.message)

    def test_order_in_a_documented_state_is_not_on_hold(self):
        for state in (*OrderState, None):
            with self.subTest(state=state):
                record = self._sent("purchase_order", self._order(), state=state)

                self.assertFalse(self._codes(record))

    def test_order_in_odoo_is_on_hold_when_its_state_becomes_undocumented(self):
        record = self._sent("purchase_order", self._order())
        order = self.env["purchase.order"].browse(record.res_id)
        self._age(order)
        before = order.read(["state", "amount_total", "write_date"])

        self._damage(record, state=77)

        self.assertEqual(self._codes(record), {UNDOCUMENTED})
        self.assertEqual(order.read(["state", "amount_total", "write_date"]), before)
        self._damage(record, state=0)
        self.assertEqual(record.state, "done")

    def test_order_with_a_line_of_a_kind_that_nobody_documented_is_on_hold(self):
        record = self._sent("purchase_order", self._order())
        self.assertEqual(record.state, "done")
        lines = json.loads(record.payload)["order_items"]

        self._damage(record, order_items=[lines[0] | {"type": 9}, *lines[1:]])

        self.assertEqual(self._codes(record), {UNDOCUMENTED})

    def test_bill_in_odoo_is_on_hold_when_its_status_becomes_undocumented(self):
        record = self._sent("bill", self.dataset.add_bill("plain"))
        self.assertEqual(record.state, "done")

        self._damage(record, status=42)

        self.assertEqual(self._codes(record), {UNDOCUMENTED})
        self.assertIn("status 42", record.issue_ids.message)

    def test_bill_without_status_or_type_is_on_hold_and_not_guessed(self):
        for field in ("status", "type"):
            with self.subTest(field=field):
                bill_id = self.dataset.add_bill("plain")
                record = self._sent("bill", bill_id, **{field: None})

                self.assertEqual(self._codes(record), {UNDOCUMENTED})
                self.assertIn(f"no {field}", record.issue_ids.message)

    def test_requisition_in_a_state_that_nobody_documented_is_on_hold(self):
        self.connection.requisition_policy = "rfq"
        number = self.dataset.add_requisition("approved")

        record = self._sent("requisition", number, status=9)

        self.assertEqual(self._codes(record), {UNDOCUMENTED})
        self._damage(record, status=1)
        self.assertEqual(record.state, "done")

    def test_requisition_with_an_item_in_an_undocumented_state_is_on_hold(self):
        self.connection.requisition_policy = "rfq"
        number = self.dataset.add_requisition("approved")
        record = self._sent("requisition", number)
        line = self.dataset.requisition_lines(number)[0]

        self._damage(self._record("order_item", line.id), status=77)
        record.sudo()._requeue()
        self._import()

        self.assertEqual(self._codes(record), {UNDOCUMENTED})
        self.assertIn("status 77", record.issue_ids.message)

    # === KINDS OF VENDORS === #

    def test_vendor_of_an_unknown_kind_is_on_hold_and_no_contact_is_made(self):
        self.connection.vendor_policy = "create"
        partners = self.env["res.partner"].search_count([])
        new = [
            {"type": 8},
            {"type": "pending"},
            {"type": ["?"]},
            {"type": 3, "status": "pending"},
        ]

        for number, fields in enumerate(new, start=9001):
            record = self._vendor(number, **fields)
            with self.subTest(**fields):
                self.assertEqual(self._codes(record), {UNDOCUMENTED})
        self.assertEqual(self.env["res.partner"].search_count([]), partners)

    def test_vendor_without_a_name_is_on_hold_and_no_contact_is_made(self):
        self.connection.vendor_policy = "create"
        partners = self.env["res.partner"].search_count([])

        for number, name in enumerate(("", " ", "\u200b\u202e"), start=9001):
            record = self._vendor(number, name=name)
            with self.subTest(repr(name)):
                self.assertEqual(self._codes(record), {"unknown_vendor"})
        self.assertEqual(self.env["res.partner"].search_count([]), partners)

    def test_vendor_whose_kind_is_a_documented_word_is_made(self):
        self.connection.vendor_policy = "create"

        made = self._vendor(9001, type="preferred", status="active")
        employee = self._vendor(9002, type="employee")

        self.assertEqual(made.state, "done")
        self.assertEqual(employee.excluded_rule, "not_a_vendor")

    def test_vendor_of_an_unknown_kind_can_be_mapped_by_a_person(self):
        record = self._vendor(9001, type="pending")
        partner = self.env["res.partner"].create({"name": "Chosen"})

        record.issue_ids.action_resolve(partner.id)

        self.assertEqual((record.state, record.res_id), ("done", partner.id))

    def test_bill_of_a_vendor_of_an_unknown_kind_waits_for_the_vendor(self):
        self.connection.vendor_policy = "create"
        bill_id = self.dataset.add_bill("plain")
        vendor = {"id": 9001, "name": "Wanted Castings", "type": "pending"}

        record = self._sent("bill", bill_id, vendor=vendor)

        self.assertEqual(self._codes(record), {UNDOCUMENTED})
        self.assertEqual(record.issue_ids.reference_id.external_id, "9001")
        partner = self.env["res.partner"].create({"name": "Chosen"})
        record.issue_ids.action_resolve(partner.id)
        self.assertEqual(self._move(bill_id).partner_id, partner)

    def test_catch_all_of_requests_is_known_by_its_word_too(self):
        self.connection.requisition_policy = "rfq"
        number = self.dataset.add_requisition("approved")
        item = self.dataset.requisition_lines(number)[0]
        record = self._sent("requisition", number)
        vendor = self._record("vendor", item.vendor_id)
        data = json.loads(vendor.payload) | {"type": "Other"}
        vendor.sudo().payload = json.dumps(data)

        line = self._record("order_item", item.id)
        self._damage(line, vendor="Corner Shop")
        record.sudo()._requeue()
        self._import()

        self.assertEqual(self._codes(record), {"unknown_vendor"})
        self.assertIn("Corner Shop", record.issue_ids.mapped("message")[0])

    # === WHAT IS LEFT EMPTY === #

    def test_parents_of_account_codes_are_no_issue_in_either_form(self):
        for parent in (10, {"id": 10, "code": "6000", "parent": None}, None):
            with self.subTest(parent=parent):
                order = self._sent("purchase_order", self._order())
                lines = json.loads(order.payload)["order_items"]
                for line in lines:
                    for share in line["spend_allocation"]:
                        share["account"]["account_code"]["parent"] = parent

                self._damage(order, order_items=lines, comment=f"new {parent}")

                self.assertEqual((order.state, order.unread_count), ("done", 0))

    def test_bill_whose_order_line_has_a_parent_code_is_linked(self):
        order_id = self._order()
        self._sent("purchase_order", order_id)
        bill_id = self.dataset.bill_order(order_id)
        record = self._sent("bill", bill_id)
        move = self._move(bill_id)
        links = move.invoice_line_ids.purchase_line_id
        self.assertTrue(links)
        for parent in (10, {"id": 10, "code": "6000", "parent": 9}, None):
            with self.subTest(parent=parent):
                items = json.loads(record.payload)["items"]
                for item in items:
                    self._set_parents(item, parent)

                self._damage(record, items=items, note=f"new {parent}")

                self.assertEqual((record.state, record.unread_count), ("done", 0))
                self.assertEqual(move.invoice_line_ids.purchase_line_id, links)

    def _set_parents(self, data, parent):
        """Give all account codes inside ``data`` the same parent."""
        if isinstance(data, list):
            for each in data:
                self._set_parents(each, parent)
        elif isinstance(data, dict):
            for name, each in data.items():
                if name == "account_code" and isinstance(each, dict):
                    each["parent"] = parent
                else:
                    self._set_parents(each, parent)

    def test_what_nobody_needs_is_left_empty_counted_and_shown(self):
        bill_id = self.dataset.add_bill("plain")
        record = self._sent("bill", bill_id)
        data = json.loads(record.payload)
        self.assertEqual((record.unread_count, record.unread_paths), (0, False))
        vendor = data["vendor"] | {
            "dateModified": "2026-03-02T09:14:55",
            "payment_term_ref": {"id": 11, "name": None},
        }

        self._damage(record, vendor=vendor, version="two", bill_statuses=[1])

        self.assertEqual(record.state, "done")
        self.assertEqual(record.unread_count, 4)
        self.assertEqual(
            set(record.unread_paths.split("\n")),
            {
                "vendor.dateModified",
                "vendor.payment_term_ref.name",
                "version",
                "bill_statuses[0]",
            },
        )
        unread = self.connection.support_bundle()["unread"]["bill"]
        self.assertEqual(unread["bill_statuses[]"], 1)
        self._damage(record, **{name: data[name] for name in data})
        self.assertEqual((record.unread_count, record.unread_paths), (0, False))

    def test_missing_amount_identity_or_coding_puts_the_bill_on_hold(self):
        for path, value in (("total_cost_with_tax", "a lot"), ("vendor", {"id": "x"})):
            with self.subTest(path=path):
                bill_id = self.dataset.add_bill("plain")
                record = self._sent("bill", bill_id, **{path: value})

                self.assertEqual(self._codes(record), {"invalid_payload"})
                self.assertFalse(record.res_id)

    # === HELPERS === #

    def _order(self):
        return self.dataset.add_order("plain")

    def _sent(self, resource, external_id, **changes):
        """Return the record of an object, imported with ``changes`` to its payload."""
        self._fetch()
        record = self._record(resource, external_id)
        self._damage(record, **changes)
        return record

    def _vendor(self, number, **fields):
        """Stage a vendor and import it; it is as a list gave it."""
        data = {"id": number, "name": f"Vendor {number}", "email": [], **fields}
        record = (
            self.env["procurify.record"]
            .sudo()
            .create(
                {
                    "connection_id": self.connection.id,
                    "resource": "vendor",
                    "external_id": str(number),
                    "name": data["name"],
                    "payload": json.dumps(data),
                    "res_model": "res.partner",
                }
            )
        )
        record._import()
        return record.sudo(False)

    def _damage(self, record, **changes):
        """Change the staged payload, and import it as a new version."""
        data = json.loads(record.payload) | changes
        record.sudo().write(
            {
                "payload": json.dumps(data),
                "digest": f"{record.digest}{len(changes)}x",
                "state": "pending",
            }
        )
        self._import()
