"""Odoo's documents as plain data: what an import booked, or would book."""

from decimal import Decimal

from ..procurify.arithmetic import plain


def booked(records):
    """Return what the imported ones of ``records`` are in Odoo.

    :param records: ``procurify.record`` rows
    :returns: {record: dict that JSON takes}; amounts are texts with the decimals of
        their currency, dates are ISO texts, a debit is positive::

            {"model", "partner", "date", "currency", "untaxed", "tax", "total",
             "lines": [...]}

        Lines of a bill are its journal items: ``account_code``, ``account``, ``label``,
        ``balance`` (company currency), ``amount_currency``, ``cost_centres``
        ({name: percentage}), ``taxes``. Those of an order: ``product``, ``label``,
        ``quantity``, ``price_unit``, ``subtotal``, ``cost_centres``, ``taxes``.
        Anything else has ``model`` and ``name`` only.
    """
    found = {}
    done = records.filtered(lambda record: record.state == "done" and record.res_id)
    for model, mine in done.grouped("res_model").items():
        targets = records.env[model].sudo().browse(mine.mapped("res_id")).exists()
        tell = _DOCUMENTS.get(model, _named)
        told = {target.id: tell(target) for target in targets}
        found |= {r: told[r.res_id] for r in mine if r.res_id in told}
    return found


def _named(target):
    return {"model": target._name, "name": target.display_name}


def _move(move):
    return _document(move, move.invoice_date) | {
        "accounting_date": move.date.isoformat(),
        "move_type": move.move_type,
        "reference": move.ref or "",
        "lines": [_item(line) for line in move.line_ids if line.account_id],
    }


def _item(line):
    return {
        "account_code": line.account_id.code or "",
        "account": line.account_id.name,
        "label": line.name or "",
        "balance": _amount(line.balance, line.company_currency_id),
        "amount_currency": _amount(line.amount_currency, line.currency_id),
        "cost_centres": _cost_centres(line),
        "taxes": line.tax_ids.mapped("name"),
    }


def _order(order):
    return _document(order, order.date_order and order.date_order.date()) | {
        "reference": order.partner_ref or "",
        "lines": [
            {
                "product": line.product_id.display_name or "",
                "label": line.name,
                "quantity": _number(line.product_qty),
                "price_unit": _number(line.price_unit),
                "subtotal": _amount(line.price_subtotal, order.currency_id),
                "cost_centres": _cost_centres(line),
                "taxes": line.tax_ids.mapped("name"),
            }
            for line in order.order_line
            if not line.display_type
        ],
    }


def _document(document, date):
    currency = document.currency_id
    return {
        "model": document._name,
        "partner": document.partner_id.display_name or "",
        "date": date.isoformat() if date else None,
        "currency": currency.name,
        "untaxed": _amount(document.amount_untaxed, currency),
        "tax": _amount(document.amount_tax, currency),
        "total": _amount(document.amount_total, currency),
    }


def _cost_centres(line):
    """Return {analytic accounts of a line: their share in percent}."""
    accounts = line.env["account.analytic.account"]
    return {
        " / ".join(accounts.browse(map(int, ids.split(","))).mapped("display_name")): (
            _number(share)
        )
        for ids, share in (line.analytic_distribution or {}).items()
    }


def _amount(amount, currency):
    return f"{amount:.{currency.decimal_places}f}"


def _number(number):
    return str(plain(Decimal(repr(number))))


_DOCUMENTS = {"account.move": _move, "purchase.order": _order}
