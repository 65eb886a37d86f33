"""Every purchase tax of the charts of accounts that are here: as by hand, or on hold.

The table in ``docs/taxes.rst`` is what this finds where twelve charts are installed
(``./dev test taxes``). Elsewhere it looks at the charts that are there.
"""

import json
import os
from decimal import Decimal
from pathlib import Path

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.procurify_connector.procurify.arithmetic import (
    TaxedAmount,
    taxes_of,
)
from odoo.addons.procurify_connector.procurify.payloads import Vendor

from .tax_case import TaxCase

# Chart of accounts → what the documentation calls it.
CHARTS = {
    "ca_2023": "Canada",
    "us": "United States",
    "uk": "United Kingdom",
    "de_skr03": "Germany (SKR03)",
    "fr": "France",
    "it": "Italy",
    "es_pymes": "Spain (PYMEs)",
    "be_comp": "Belgium",
    "in": "India",
    "au": "Australia",
    "mx": "Mexico",
    "br": "Brazil",
    "generic_coa": "Generic chart of accounts",
}
NETS = (100.0, 40.0)
DAY, DUE = "2024-03-05", "2024-04-04"
AS_BY_HAND = "as by hand"
OTHERWISE = "booked otherwise"
AS_SAID = "with Procurify's amount"
HELD = "on hold: tax_mismatch"
CENT = Decimal("0.01")
# Procurify charges what the name of the tax says.
PLAIN = "plain rate"
# How the same tax may stand on documents: {name: (sign, in a foreign currency)}.
DOCUMENTS = {
    "bill": (1, False),
    "refund": (-1, False),
    "foreign bill": (1, True),
    PLAIN: (1, False),
}


@tagged("post_install", "-at_install", "procurify")
class TestChartTaxes(TaxCase):
    def test_every_purchase_tax_is_booked_as_by_hand_or_on_hold(self):
        table, path = {}, os.environ.get("PROCURIFY_TAX_TABLE")
        for code in self._charts():
            with self.subTest(chart=code):
                env, savepoint = self.env, self.env.cr.savepoint()
                try:
                    table[code] = self._results(code)
                finally:
                    savepoint.close(rollback=True)
                    self.env = env
                    self.env.invalidate_all()
                if path:
                    text = json.dumps(table, indent=1, ensure_ascii=False)
                    Path(path).write_text(text)
                self.assertTrue(table[code])
                self.assertFalse(
                    [
                        row
                        for row in table[code]
                        if row["same"] not in (AS_BY_HAND, HELD)
                        or row["plain"] not in (AS_BY_HAND, AS_SAID, HELD)
                    ]
                )

    def _charts(self):
        wanted = os.environ.get("PROCURIFY_TAX_CHARTS", "")
        known = self.env["account.chart.template"]._get_chart_template_mapping()
        here = [
            code
            for code in CHARTS
            if known.get(code, {}).get("installed") and code != "generic_coa"
        ]
        return wanted.split(",") if wanted else here or ["generic_coa"]

    # === ONE CHART === #

    def _results(self, code):
        """Return [{"name", "kind", "same", "plain"}] of a chart's purchase taxes."""
        self._open_books(code)
        taxes = (
            self.env["account.tax"]
            .with_context(active_test=False)
            .search(
                [
                    ("type_tax_use", "=", "purchase"),
                    ("company_id", "=", self.books.id),
                ]
            )
        )
        (taxes | taxes.children_tax_ids).active = True
        cases = [(tax, name) for tax in taxes for name in DOCUMENTS]
        typed = self.env["account.move"].create([self._typed(*case) for case in cases])
        said = [
            self._said(tax, move, name)
            for (tax, name), move in zip(cases, typed, strict=True)
        ]
        records = self._stage_documents("bill", said)
        records.sudo()._import()
        booked = self._booked_of(records)
        self._post(typed, records, booked)
        became = {
            case: self._became(move, record, booked)
            for case, move, record in zip(cases, typed, records, strict=True)
        }
        return [
            self._row(tax, {name: became[tax, name] for name in DOCUMENTS})
            for tax in taxes
        ]

    def _open_books(self, code):
        """Make a company of that chart, with a connection that books for it."""
        template = self.env["account.chart.template"]
        country = template._get_chart_template_mapping()[code]["country_id"]
        self.books = self.env["res.company"].create(
            {"name": f"Books of {code}", "country_id": country}
        )
        self.env.user.company_ids |= self.books
        self.env = self.env(
            context=self.env.context | {"allowed_company_ids": self.books.ids}
        )
        self.env["account.chart.template"].try_loading(
            code, company=self.books, install_demo=False
        )
        journals = self.env["account.journal"].search(
            [("company_id", "=", self.books.id)]
        )
        if "l10n_latam_use_documents" in journals._fields:
            # Else a person has to type the number of each paper.
            journals.l10n_latam_use_documents = False
        self.home = self.books.currency_id
        self.abroad = self.env.ref(
            "base.CHF" if self.home.name != "CHF" else "base.EUR"
        )
        (self.home | self.abroad).active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.abroad.id,
                "company_id": self.books.id,
                "name": "2020-01-01",
                "rate": 0.7,
            }
        )
        self.expense = self.env["account.account"].search(
            [
                ("account_type", "=", "expense"),
                ("company_ids", "in", self.books.ids),
            ],
            limit=1,
        )
        # What a person types is another supplier's: else it would be a duplicate.
        self.partner, self.other_partner = self.env["res.partner"].create(
            [
                {"name": name, "country_id": country}
                for name in ("Supplier of taxes", "Typed by hand")
            ]
        )
        self.connection = self.env["procurify.connection"].create(
            {
                "name": f"Taxes of {code}",
                "company_id": self.books.id,
                "base_url": self.simulator.base_url,
                "client_id": self.simulator.client_id,
                "client_secret": self.simulator.client_secret,
                "user_id": self.env.uid,
                "unallocated_account_id": self.expense.id,
                "rate_source": "odoo",
            }
        )
        vendor = {"id": 990_001, "name": "Supplier of taxes", "active": True}
        self._stage_mapped("vendor", vendor, Vendor.from_json(vendor), self.partner)
        self.vendor = vendor

    def _stage_mapped(self, resource, data, payload, target):
        staged = self.env["procurify.record"]._stage_mentioned(
            self.connection, {(resource, payload.external_id): (data, payload)}
        )
        for record in staged.values():
            record.sudo().write(
                {"res_model": target._name, "res_id": target.id, "state": "done"}
            )

    # === ONE TAX === #

    def _typed(self, tax, name):
        """Return the bill that a person types: prices, the account and the tax."""
        sign, foreign = DOCUMENTS[name]
        return {
            "move_type": "in_invoice" if sign > 0 else "in_refund",
            "partner_id": self.other_partner.id,
            "currency_id": (self.abroad if foreign else self.home).id,
            "ref": f"{tax.id} {name}",
            "invoice_date": DAY,
            "date": DAY,
            "invoice_date_due": DUE,
            "invoice_payment_term_id": False,
            "fiscal_position_id": False,
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": f"{price}",
                        "account_id": self.expense.id,
                        "quantity": 1.0,
                        "price_unit": price,
                        "tax_ids": [Command.set(tax.ids)],
                    }
                )
                for price in NETS
            ],
        }

    def _said(self, tax, move, name):
        """Return Procurify's bill of what ``move`` comes to, or of the plain rate."""
        sign, _foreign = DOCUMENTS[name]
        lines = move.invoice_line_ids
        nets = [_cents(sign * line.price_subtotal) for line in lines]
        amounts = [
            _cents(sign * (line.price_total - line.price_subtotal)) for line in lines
        ]
        amounts[-1] += _cents(sign * move.amount_tax) - sum(amounts)
        rate = _cents(amounts[0] / nets[0] * 100) if nets[0] else Decimal(0)
        if name == PLAIN:
            rate = Decimal(str(round(abs(self._nominal(tax)), 6)))
            amounts = [_cents(net * rate / 100) for net in nets]
        tax_name = f"{tax.name} {tax.id} {name if name == PLAIN else ''}".strip()
        stated = [
            TaxedAmount(tax_name, tax.id, rate, False, net, amount)
            for net, amount in zip(nets, amounts, strict=True)
        ]
        for mapped in set(taxes_of(stated, CENT)):
            self._stage_mapped("tax", mapped.to_json(), mapped, tax)
        currency = {
            "id": move.currency_id.id,
            "name": move.currency_id.name,
            "rate": 1.0,
        }
        items = [
            {
                "net": net,
                "charged": amount,
                "tax": tax.id,
                "tax_name": tax_name,
                "tax_percentage": f"{rate:.8f}",
                "currency": currency,
                "cost_allocations": [],
                "orderitem": None,
                "po": None,
            }
            for net, amount in zip(nets, amounts, strict=True)
        ]
        return self._bill_detail(
            *items,
            currency=currency,
            vendor=self.vendor,
            invoice_date=DAY,
            due_date=DUE,
            gl_post_date=DAY,
        )

    def _row(self, tax, became):
        plainly = became.pop(PLAIN)
        same = set(became.values())
        if len(same) > 1:
            same = {f"{name}: {outcome}" for name, outcome in became.items()}
        return {
            "name": tax.name,
            "kind": self._kind(tax),
            "same": "; ".join(sorted(same)),
            "plain": plainly,
        }

    def _booked_of(self, records):
        """Return {record: its bill} of those that are booked."""
        done = records.filtered(lambda record: record.state == "done")
        moves = self.env["account.move"].browse(done.mapped("res_id"))
        return dict(zip(done, moves, strict=True))

    def _post(self, typed, records, booked):
        """Post what a person typed, and what came from Procurify like it.

        A country may want more of a person than is typed here: its bills stay drafts.
        """
        pairs = zip(typed, records, strict=True)
        by_hand = typed.browse().union(
            *(move for move, record in pairs if record in booked)
        )
        both = by_hand.union(*booked.values())
        try:
            with self.env.cr.savepoint():
                both.action_post()
                self.env.flush_all()
        except UserError as error:
            self.env.invalidate_all()
            print(f"{self.books.name} posts nothing: {error}")  # noqa: T201

    def _became(self, by_hand, record, booked):
        if record not in booked:
            return f"on hold: {', '.join(sorted(self._codes(record))) or record.state}"
        move = booked[record]
        is_same = self._items(move) == self._items(by_hand)
        if is_same and move.state == by_hand.state:
            return AS_BY_HAND
        if move.currency_id.compare_amounts(move.amount_tax, by_hand.amount_tax):
            return AS_SAID  # not what was typed, so there is nothing to compare
        return f"{OTHERWISE} {self._differences(move, by_hand)}"

    def _items(self, move):
        """Return what the books and the tax report have, but for the supplier."""
        return sorted(
            ({**item, "partner_id": None} for item in super()._items(move)), key=str
        )

    def _differences(self, move, by_hand):
        made, typed = self._items(move), self._items(by_hand)
        return [
            {k: (one[k], other[k]) for k in one if one[k] != other[k]}
            for one, other in zip(made, typed, strict=False)
            if one != other
        ] or (len(made), len(typed))

    # === WORDS === #

    def _nominal(self, tax):
        """Return the rate that a person would say that ``tax`` has."""
        if tax.amount_type != "group":
            return tax.amount
        return sum(child.amount for child in tax.children_tax_ids)

    def _kind(self, tax):
        words = [f"{self._nominal(tax):.6g} {self._unit(tax)}"]
        children = tax.flatten_taxes_hierarchy()
        if tax.amount_type == "group":
            words.append(f"group of {len(children)}")
        words += self._traits(children)
        return ", ".join(words)

    @staticmethod
    def _unit(tax):
        return {
            "fixed": "a piece",
            "division": "% of the gross",
            "code": "by formula",
        }.get(tax.amount_type, "%")

    @staticmethod
    def _traits(taxes):
        lines = taxes.invoice_repartition_line_ids.filtered(
            lambda line: line.repartition_type == "tax"
        )
        traits = {
            "reverse charge": any(taxes.mapped("has_negative_factor")),
            "withheld": any(tax.amount < 0 for tax in taxes),
            "partly to the cost": bool(
                lines.filtered(lambda ln: ln.factor > 0 and not ln.account_id)
            )
            and bool(lines.filtered(lambda ln: ln.factor > 0 and ln.account_id)),
            "to the cost": bool(lines) and not lines.account_id,
            "price contains it": any(
                tax.price_include and not tax.has_negative_factor for tax in taxes
            ),
            "due on payment": "on_payment" in taxes.mapped("tax_exigibility"),
            "on top of others": any(taxes.mapped("include_base_amount"))
            and len(taxes) > 1,
        }
        return [word for word, is_so in traits.items() if is_so]


def _cents(amount):
    return Decimal(str(amount)).quantize(Decimal("0.01"))
