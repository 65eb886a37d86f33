"""Later versions of bills in which only taxes move."""

from copy import deepcopy
from decimal import Decimal

from odoo.tests import tagged

from .tax_case import TaxCase


@tagged("post_install", "-at_install", "procurify")
class TestRevisedTaxes(TaxCase):
    def test_amount_that_moves_from_one_tax_to_another_is_followed_by_a_draft(self):
        detail, record = self._taxed(("Federal", 10), ("Province", 5))
        move = self._booked(record)

        self._revise(detail, 9, 6)

        self.assertEqual(record.state, "done")
        self.assertEqual(self._amounts(move), {"Federal": 9.0, "Province": 6.0})

    def test_amount_that_moves_from_one_tax_to_another_is_on_hold_once_posted(self):
        detail, record = self._taxed(("Federal", 10), ("Province", 5))
        move = self._booked(record)
        move.action_post()

        self._revise(detail, 9, 6)

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        rows = {row["field"]: row for row in record.difference}
        name = detail["items"][0]["description"]
        self.assertEqual(rows[f"“{name}”, tax amount"]["procurify"], "9.00")
        record.action_reset_and_update()
        self.assertEqual(self._amounts(move), {"Federal": 9.0, "Province": 6.0})
        self.assertEqual(move.state, "posted")

    def test_amount_that_moves_between_accounts_of_one_tax_is_followed(self):
        """A tax that is not recovered is on the account of its line."""
        detail, record = self._taxed(("Levy", 10), ("Levy", 5))
        move = self._booked(record)

        self._revise(detail, 9, 6)

        taxes = move.line_ids.filtered("tax_line_id")
        self.assertEqual(sorted(taxes.mapped("balance")), [6.0, 9.0])

    def test_amount_that_moves_between_taxes_of_a_refund_is_followed(self):
        detail, record = self._taxed(("Federal", -10), ("Province", -5), sign=-1)
        move = self._booked(record)

        self._revise(detail, -9, -6)

        self.assertEqual(move.move_type, "in_refund")
        self.assertEqual(self._amounts(move), {"Federal": -9.0, "Province": -6.0})

    def test_same_taxes_again_are_no_change(self):
        detail, record = self._taxed(("Federal", 9), ("Province", 6))
        move = self._booked(record)
        move.action_post()

        self._revise(detail, 9, 6)

        self.assertEqual(record.state, "done")

    def test_version_of_before_the_taxes_were_kept_asks_nothing(self):
        detail, record = self._taxed(("Federal", 10), ("Province", 5))
        self._booked(record).action_post()
        applied = deepcopy(record.applied_state)
        for version in applied.values():
            for line in version["lines"]:
                del line["tax"]
        record.sudo().applied_state = applied

        self._revise(detail, 10, 5)

        self.assertEqual(record.state, "done")

    # === HELPERS === #

    def _taxed(self, *lines, sign=1):
        """Import a bill of (tax, amount) lines over 100 each, on two accounts."""
        targets = {}
        for name, _amount in lines:
            if name not in targets:
                targets[name] = self._named_tax(name)
        detail = self._bill_detail(
            *(
                {
                    "net": 100 * sign,
                    "charged": amount,
                    "tax_name": name,
                    "tax_percentage": f"{targets[name].amount}",
                    "tax_is_inclusive": False,
                }
                for name, amount in lines
            )
        )
        codes = self._records("account_code", state="done")[:2]
        for item, code in zip(detail["items"], codes, strict=True):
            account = item["cost_allocations"][0]["budget"]
            account["account_code"] = {"id": int(code.external_id), "code": code.code}
            account["account_code"] |= {"description": code.name, "account_type": 2}
        record = self._stage_documents("bill", [detail])
        self._import_mapped(record, *(targets[name] for name in sorted(targets)))
        return detail, record

    def _named_tax(self, name):
        if name == "Levy":
            values = {"price_include_override": "tax_excluded"}
            values |= {"type_tax_use": "purchase", "amount": 10}
            return self.env["account.tax"].create({"name": name} | values)
        return self._tax(name, {"Federal": 10.0, "Province": 5.0}[name])

    def _revise(self, detail, *amounts):
        new = deepcopy(detail) | {"note": "Fixed"}
        for item, amount in zip(new["items"], amounts, strict=True):
            gross = item["total_cost"] + amount
            item |= {"tax_amount": Decimal(amount), "total_cost_with_tax": gross}
        self._stage_documents("bill", [new])
        self._import()

    def _amounts(self, move):
        taxes = move.line_ids.filtered("tax_line_id")
        return {
            tax.name: sum(lines.mapped("balance"))
            for tax, lines in taxes.grouped("tax_line_id").items()
        }
