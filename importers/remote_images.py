"""What the documents here shall be in a remote Odoo: images, in plain values.

See ``procurify_odoo/bills.py`` for what an image holds.
"""

import hashlib
import re
from collections import defaultdict
from decimal import Decimal

from odoo.tools import float_repr, html2plaintext

from ..procurify_odoo.analytic import PLACES, key_of
from .bills.revision import ROUNDING

_NOT_NAME = re.compile(r"[^a-z0-9]+")
#: Fields of a partner that are sent; so are their columns called.
VENDOR_COLUMNS = (
    *("name", "ref", "vat", "email", "phone"),
    *("street", "street2", "city", "zip"),
)
COUNTRY_COLUMN = "country_id/id"


class NotThere(Exception):
    """Something that a document names has no counterpart in the remote Odoo."""

    def __init__(self, record):
        super().__init__(str(record))
        self.record = record


def external_id(connection, resource, name, generation=1):
    """Return the external id of a document, the same at each attempt.

    :param name: Procurify's id of it
    :param generation: from 2 on, of what is booked again in place of another one
    """
    slugs = ("procurify", connection._tenant(), resource, name)
    behind = (str(generation),) if generation > 1 else ()
    return f"__import__.{'_'.join(slug(each) for each in (*slugs, *behind))}"


def slug(text):
    """Return ``text`` as a part of an external id. Different texts stay different."""
    text = str(text)
    slug = _NOT_NAME.sub("_", text.lower()).strip("_")
    if slug == text:
        return slug
    return f"{slug}_{hashlib.sha256(text.encode()).hexdigest()[:6]}"


def vendor_image(partner, name):
    """Return {column of ``load``: value} of a new vendor.

    :param name: its external id
    """
    country = partner.country_id.code
    return {
        "id": name,
        "is_company": partner.is_company,
        "supplier_rank": 1,
        COUNTRY_COLUMN: country_name(country),
        **{name: partner[name] or "" for name in VENDOR_COLUMNS},
    }


def country_name(code):
    """Return the external id of a country, "" of none."""
    return f"base.{code.lower()}" if code else ""


def vendor_changes(image, sent, there):
    """Return {column: value} of what only this side changed of a vendor.

    :param image: what it is here
    :param sent: what was sent last
    :param there: what the remote has, see ``VENDOR_COLUMNS`` and ``COUNTRY_COLUMN``
    """
    return {
        name: image[name]
        for name, value in there.items()
        if value == sent.get(name, "") != image[name]
    }


class BillImages:
    """Makes the images of several bills; looks ids up once for all of them."""

    def __init__(self, target, sources):
        """:param target: the remote Odoo
        :param sources: {bill: {id of its line: what it is in Procurify}}
        """
        self.target = target
        self.sources = sources
        self._ids = {}
        places = target.env[PLACES]
        moves = target.env["account.move"].union(*sources)
        items = moves.line_ids
        taxes = items.tax_ids | items.tax_line_id
        for records in (
            moves.partner_id | items.partner_id,
            moves.journal_id,
            moves.currency_id | items.currency_id,
            moves.invoice_payment_term_id,
            items.account_id,
            items.purchase_line_id,
            taxes,
            items.tax_repartition_line_id,
            places.browse(analytic_ids(items)),
        ):
            self._ids[records._name] = target._remote_ids(records)
        self._tags = target._remote_tags(places.browse(analytic_ids(items)))

    def image(self, move, name, dialect, reverses=0):
        """Return the image of one bill.

        :param name: its external id
        :param dialect: of the remote
        :param reverses: remote id of the bill that it credits
        :raises NotThere: something that it names is not in the remote
        """
        day = {
            key: str(value or "")
            for key, value in (
                ("invoice_date", move.invoice_date),
                ("date", move.date),
                ("due", move.invoice_date_due),
            )
        }
        return {
            "external_id": name,
            "type": move.move_type,
            "partner": self._id(move.partner_id),
            "journal": self._id(move.journal_id),
            "currency": self._id(move.currency_id),
            "ref": move.ref or "",
            **day,
            "term": self._id(move.invoice_payment_term_id),
            "rate": plain_number(move.invoice_currency_rate or 1),
            "origin": move.invoice_origin or "",
            "note": note(move.narration, dialect),
            "reverses": reverses,
            "untaxed": _amount(move.amount_untaxed, move.currency_id),
            "tax": _amount(move.amount_tax, move.currency_id),
            "total": _amount(move.amount_total, move.currency_id),
            "company_total": _amount(
                move.amount_total_signed, move.company_currency_id
            ),
            "items": self._items(move, name, dialect.makes_items),
        }

    def _items(self, move, name, makes_items):
        sources, counts, found = self.sources[move], defaultdict(int), []
        for item in move.line_ids.sorted(lambda line: (line.sequence, line.id)):
            kind = item.display_type
            source = sources.get(item.id) or f"{kind} {item.tax_line_id.id or ''}"
            counts[source] += 1
            number = f" {counts[source]}" if counts[source] > 1 else ""
            key = slug(f"{source}{number}")
            found.append(self._item(move, item, f"{name}_{key}", makes_items))
        return found

    def _item(self, move, item, name, makes_items):
        is_made = makes_items and item.tax_line_id
        return {
            "external_id": name,
            "kind": item.display_type,
            "name": item.name or "",
            "account": self._account(item, makes_items),
            "quantity": plain_number(item.quantity),
            "price": plain_number(item.price_unit),
            "taxes": [self._id(tax) for tax in item.tax_ids],
            "order_line": self._id(item.purchase_line_id),
            "analytic": self._analytic(item.analytic_distribution),
            "tax_data": self._tax_data(item.extra_tax_data),
            "tax": self._id(item.tax_line_id),
            "tax_part": 0 if is_made else self._id(item.tax_repartition_line_id),
            "base": _amount(item.tax_base_amount, move.company_currency_id),
            "amount": _amount(item.amount_currency, move.currency_id),
            "balance": _amount(item.balance, move.company_currency_id),
            "due": str(item.date_maturity or ""),
        }

    def _account(self, item, makes_items):
        """Return the account; which one takes what is owed, the remote decides."""
        if item.display_type == "payment_term" and makes_items:
            return 0
        return self._id(item.account_id)

    def _analytic(self, distribution):
        return shares_by_ids(
            distribution,
            self._tags,
            lambda id_: self._id(self.target.env[PLACES].browse(id_)),
        )

    def _tax_data(self, data):
        """Return the taxes of a line as Procurify rounded them, by remote ids."""
        if not data or "manual_tax_amounts" not in data:
            return None
        taxes = self.target.env["account.tax"]
        currency = self.target.env["res.currency"].browse(data["currency_id"])
        return {
            **data,
            "currency_id": self._id(currency),
            "manual_tax_amounts": {
                str(self._id(taxes.browse(int(key)))): amounts
                for key, amounts in data["manual_tax_amounts"].items()
            },
        }

    def _id(self, record):
        """Return the remote id of one record, or 0 of none.

        :raises NotThere: it has none
        """
        if not record:
            return 0
        known = self._ids.setdefault(record._name, {})
        if record.id not in known:
            known |= self.target._remote_ids(record)
        if record.id not in known:
            raise NotThere(record)
        return known[record.id]


def sources_of(move, record):
    """Return {id of a line: what it is in Procurify} of a bill.

    :param record: the bill's ``procurify.record``, or none
    """
    applied = record._applied() if record else {}
    asked, booked = ((applied.get(key) or {}).get("lines", ()) for key in _VERSIONS)
    there = set(move.invoice_line_ids.ids)
    return {
        line["id"]: said["source"] or ROUNDING
        for said, line in zip(asked or (), booked or (), strict=False)
        if line["id"] in there
    }


_VERSIONS = ("asked", "booked")


def analytic_ids(lines):
    """Return the ids of the analytic accounts that lines name."""
    return sorted(
        {
            int(each)
            for line in lines
            for key in line.analytic_distribution or {}
            for each in key.split(",")
        }
    )


def shares_by_ids(distribution, tags, id_of):
    """Return an analytic distribution by the ids of a remote.

    :param tags: {id of an account here: id of the tag that it is there}
    :param id_of: returns the remote id of the other accounts
    """
    found = {}
    for key, share in (distribution or {}).items():
        here = {int(each) for each in key.split(",")}
        accounts = [id_of(each) for each in here - tags.keys()]
        there = key_of(accounts, [tags[each] for each in here & tags.keys()])
        found[there] = plain_number(share)
    return found


def note(html, dialect):
    """Return a document's note as a version takes it."""
    return html2plaintext(html or "") if dialect.has_plain_notes else str(html or "")


def _amount(value, currency):
    """Return an amount as text, with the cents of its currency."""
    return float_repr(value + 0.0, currency.decimal_places)


def plain_number(value):
    """Return a number as text, with the fewest digits that mean it."""
    return format(Decimal(repr(float(value or 0))).normalize() + 0, "f")
