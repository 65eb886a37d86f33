"""Bills with any tax that a line of Procurify can have, and the same ones by hand."""

import json
from copy import deepcopy
from decimal import Decimal
from itertools import count

from odoo.fields import Command

from odoo.addons.procurify_connector.procurify import RESOURCES
from odoo.addons.procurify_connector.procurify.envelopes import read_stored
from odoo.addons.procurify_connector.simulator.bill_documents import BillRenderer
from odoo.addons.procurify_connector.simulator.order_documents import OrderRenderer

from .common import ProcurifyCommon

ITEM_FACTS = (
    "account_id",
    "partner_id",
    "display_type",
    "quantity",
    "tax_ids",
    "tax_line_id",
    "tax_repartition_line_id",
    "group_tax_id",
    "tax_tag_ids",
    "tax_base_amount",
    "balance",
    "amount_currency",
    "currency_id",
    "price_subtotal",
    "price_total",
    "analytic_distribution",
)
# Procurify's id of its base currency, which is the company's.
BASE = 1


class TaxCase(ProcurifyCommon):
    """Stages bills as they would come from Procurify, down to every field of a tax."""

    master_data_ready = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.numbers = count(1)

    def setUp(self):
        super().setUp()
        self.samples = {}

    # === THE TAXES === #

    @classmethod
    def _tax(cls, name, amount=0.0, factors=(100,), **values):
        """Return a purchase tax with a grid for each of its repartition lines."""

        def repartition(kind):
            lines = [("base", 100), *(("tax", factor) for factor in factors)]
            return [
                Command.create(
                    {
                        "repartition_type": what,
                        "factor_percent": factor,
                        "tag_ids": [Command.set(cls._grid(name, kind, number).ids)],
                        "account_id": cls._tax_account(number).id,
                    }
                )
                for number, (what, factor) in enumerate(lines)
            ]

        if values.get("amount_type") != "group":
            values = {
                "invoice_repartition_line_ids": repartition("invoice"),
                "refund_repartition_line_ids": repartition("refund"),
            } | values
        return cls.env["account.tax"].create(
            {
                "name": name,
                "amount": amount,
                "type_tax_use": "purchase",
                "price_include_override": "tax_excluded",
            }
            | values
        )

    @classmethod
    def _grid(cls, *names):
        return cls.env["account.account.tag"].create(
            {"name": " ".join(map(str, names)), "applicability": "taxes"}
        )

    @classmethod
    def _tax_account(cls, number):
        if not number:
            return cls.env["account.account"]
        code = f"25800{number}"
        found = cls.env["account.account"].search([("code", "=", code)])
        return found or cls.env["account.account"].create(
            {
                "code": code,
                "name": f"Tax {number}",
                "account_type": "liability_current",
                "reconcile": True,
            }
        )

    def _group_of(self, name, *taxes):
        return self._tax(
            name,
            amount_type="group",
            children_tax_ids=[Command.set([tax.id for tax in taxes])],
        )

    # === PROCURIFY'S DOCUMENTS === #

    def _stage_bill(self, *items, **header):
        """Stage a bill and return its record.

        :param items: what each line has otherwise than a plain one; ``net`` and
            ``charged``, its tax, make all its amounts
        """
        return self._stage_documents("bill", [self._bill_detail(*items, **header)])

    def _bill_detail(self, *items, **header):
        """Return a bill as Procurify sends it; the arguments of ``_stage_bill``."""
        if "bill" not in self.samples:
            bill_id = self.dataset.add_bill("untaxed")
            self.dataset.revise_bill(bill_id, currency_id=BASE)
            bill = self.dataset.bill(bill_id)
            self.samples["bill"] = BillRenderer(self.dataset).detail(bill)
        base = deepcopy(self.samples["bill"])
        first = base["items"][0] | {"currency": base["currency"]}
        number = next(self.numbers)
        base |= {"id": 880_000 + number, "group": 880_000 + number, "costs": []}
        base["uuid"] = f"{number:032x}"
        base["invoice_number"] = f"TAX-{number}"
        base["items"] = [
            self._item(first, position + number * 1000, dict(item))
            for position, item in enumerate(items)
        ]
        net = sum(item["total_cost"] for item in base["items"])
        tax = sum(item["tax_amount"] for item in base["items"])
        base |= {"subtotal_cost": net, "total_cost": net, "tax_amount": tax}
        base |= {"exclusive_tax_amount": tax, "inclusive_tax_amount": 0}
        base |= {"shipping_amount": 0, "total_cost_with_tax": net + tax}
        return base | {"converted_total_cost": net + tax} | header

    @staticmethod
    def _item(first, number, wanted):
        item = deepcopy(first)
        net, tax = Decimal(wanted.pop("net")), Decimal(wanted.pop("charged", 0))
        allocation = item["cost_allocations"][0] | {"amount": str(net)}
        return (
            item
            | {
                "id": 900_000 + number,
                "description": f"Line {number}",
                "quantity": "1.00000000",
                "unit_cost": net,
                "total_cost": net,
                "tax_amount": tax,
                "total_cost_with_tax": net + tax,
                "bill_by_cost": False,
                "shipping_amount": None,
                "cost_allocations": [allocation],
            }
            | wanted
        )

    def _stage_order(self, *lines, **header):
        """Stage a purchase order and return its record; ``lines`` as for bills."""
        order_id = self.dataset.add_order("plain")
        base = OrderRenderer(self.dataset).detail(self.dataset.order(order_id))
        first = base["order_items"][0]
        number = next(self.numbers)
        base |= {"procurify_PO": 870_000 + number, "uuid": f"{number:032x}"}
        base |= {"number": f"TAX-PO-{number}", "PO_Num": None}
        base["order_items"] = [
            self._order_line(first, base, position + number * 1000, dict(line))
            for position, line in enumerate(lines)
        ]
        net = sum(line["total_cost"] for line in base["order_items"])
        base |= {"subtotal": net, "total": net, "cost_details": None} | header
        return self._stage_documents("purchase_order", [base])

    @staticmethod
    def _order_line(first, order, number, wanted):
        net = Decimal(wanted.pop("net"))
        return (
            deepcopy(first)
            | {
                "id": 860_000 + number,
                "num": f"{number}",
                "name": f"Line {number}",
                "quantity": 1,
                "price": net,
                "total_cost": net,
                "tax_amount": None,
                "shipping_amount": None,
                "taxes": None,
                "purchase_order": order["procurify_PO"],
                "spend_allocation": [],
            }
            | wanted
        )

    def _stage_documents(self, resource, details):
        """Stage documents as the fetch does, and return their records."""
        texts = [json.dumps(detail, default=float) for detail in details]
        stored = [read_stored(text, RESOURCES[resource]) for text in texts]
        records = self.env["procurify.record"].sudo()
        records._stage(
            self.connection.sudo(), resource, [(each, each) for each in stored]
        )
        ids = [each.external_id for each in stored]
        found = {r.external_id: r for r in self._records(resource)}
        return self.env["procurify.record"].union(*(found[i] for i in ids))

    # === IMPORTING === #

    def _import_mapped(self, record, *taxes):
        """Import a document whose taxes, in the order of their names, are ``taxes``."""
        known = self._records("tax")
        record.sudo()._import()
        staged = self._records("tax") - known
        for tax, target in zip(staged.sorted("name"), taxes, strict=True):
            tax.write({"res_model": "account.tax", "res_id": target.id})
        (staged | record).sudo()._requeue()
        self._import()
        return record

    def _booked(self, record):
        self.assertEqual(record.hold_reason, "")
        self.assertEqual(record.state, "done")
        return self.env[record.res_model].browse(record.res_id)

    # === BY HAND === #

    def _by_hand(self, move, prices=None):
        """Return the bill that Odoo makes of the same lines without any help.

        :param prices: what a person types where prices contain taxes
        """
        lines = move.invoice_line_ids
        return self.env["account.move"].create(
            {
                "move_type": move.move_type,
                "partner_id": move.partner_id.id,
                "currency_id": move.currency_id.id,
                "invoice_date": move.invoice_date,
                "date": move.date,
                "invoice_date_due": move.invoice_date_due,
                "invoice_payment_term_id": False,
                "invoice_currency_rate": move.invoice_currency_rate,
                "journal_id": move.journal_id.id,
                "fiscal_position_id": move.fiscal_position_id.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": line.name,
                            "account_id": line.account_id.id,
                            "quantity": line.quantity,
                            "price_unit": price,
                            "tax_ids": [Command.set(line.tax_ids.ids)],
                            "analytic_distribution": line.analytic_distribution,
                        }
                    )
                    for line, price in zip(
                        lines, prices or lines.mapped("price_unit"), strict=True
                    )
                ],
            }
        )

    @staticmethod
    def _items(move):
        """Return what the books and the tax report have of ``move``."""
        items = []
        for line in move.line_ids:
            item = {}
            for name in ITEM_FACTS:
                value = line[name]
                if hasattr(value, "ids"):
                    value = sorted(value.ids)
                elif isinstance(value, float):
                    value = round(value, 6) + 0.0
                item[name] = value
            items.append(item)
        return sorted(items, key=str)

    def _assert_as_by_hand(self, move, prices=None):
        self.maxDiff = None
        by_hand = self._by_hand(move, prices)
        self.assertEqual(self._items(move), self._items(by_hand))
        move.action_post()
        by_hand.action_post()
        self.assertEqual(self._items(move), self._items(by_hand))
