"""Taxes that Procurify names without a percentage, where a name means several rates."""

from dataclasses import replace
from decimal import Decimal
from functools import partial

from odoo.fields import Domain

from ...procurify.taxes import TaxedAmount, common_rates, with_own_rates
from ..resolution import Resolution


class NamedTaxes:
    """Gives a rate to taxes of one batch whose name alone does not say one.

    Such a tax is known by its name and mapped once. Where what it is mapped to does not
    make the amounts of a document, the rate that does is another tax, to be mapped too.
    """

    def __init__(self, documents):
        """:param documents: DocumentImport whose references are resolved"""
        self.documents = documents
        self._instead = {}

    def part(self):
        """Put the taxes with a rate in the place of those that do not fit."""
        said = self._said()
        if not said:
            return
        own = with_own_rates(said, self._known())
        mentioned = {}
        for (draft, tax), other in own.items():
            self._replace(draft, tax, other)
            mine = self.documents._synthetic("tax", other)
            draft.mentioned = draft.mentioned | mine
            mentioned |= mine
        self.documents.resolve_more(mentioned)
        for (draft, tax), other in own.items():
            self._hold(draft, tax, other)

    def _hold(self, draft, tax, other):
        """Say why another tax is to be mapped: what ``tax`` is mapped to may be wrong
        instead, and then its correction releases the document."""
        reference = self.documents.references["tax", other.external_id]
        if reference.state is not Resolution.FOUND:
            self.documents.hold_tax(draft, tax, self._instead[draft, tax])

    def _said(self):
        """Return {(draft, tax): (tax, the rates that make its amounts there)}."""
        said = {}
        for draft in self.documents.drafts:
            currency = self._currency(draft.payload)
            if not currency:
                continue
            made_instead = partial(self.documents.made_instead, currency=currency)
            unfit = unfit_taxes(taxed(draft.figures), currency, made_instead)
            for tax, (rates, wrong) in unfit.items():
                said[draft, tax] = tax, rates
                self._instead[draft, tax] = wrong
        return said

    def _currency(self, document):
        number = document.currency and document.currency.external_id
        target = self.documents._optional_target("currency", number)
        return self.documents.currencies.get(target)

    def _known(self):
        """Return the taxes that documents of this connection had so far."""
        return known_taxes(self.documents.connection)

    @staticmethod
    def _replace(draft, tax, other):
        draft.figures = with_taxes(draft.figures, {tax: other})


def taxed(figures):
    """Return {(source, tax): (net, tax, quantity)} of a document's taxed lines.

    A line that is split over accounts is one.
    """
    sums = {}
    for line in figures.lines:
        if line.tax:
            key = line.source, line.tax
            net, amount, quantity = sums.get(key, (0, 0, line.quantity))
            sums[key] = net + line.amount, amount + line.tax_amount, quantity
    return sums


def unfit_taxes(amounts, currency, made_instead):
    """Return the taxes of a document, known by their names, of which what they are
    mapped to does not make the amounts.

    :param amounts: what ``taxed`` returns
    :param made_instead: takes a tax and its (net, tax, quantity); returns what Odoo
        charges instead, or None
    :returns: {tax: (the rates that make its amounts, (net, tax, what Odoo makes))}
    """
    found, cent = {}, Decimal(1).scaleb(-currency.decimal_places)
    for tax in {tax for _source, tax in amounts if tax.is_estimated}:
        mine = [each for (_s, other), each in amounts.items() if other == tax]
        wrong = _first_wrong(tax, mine, made_instead)
        if wrong and (rates := _rates(tax, mine, cent)):
            found[tax] = rates, wrong
    return found


def _first_wrong(tax, amounts, made_instead):
    for each in amounts:
        made = made_instead(tax, each)
        if made is not None:
            return *each[:2], made
    return None


def _rates(tax, amounts, cent):
    """Return the rates that make all ``amounts``, or None."""
    lines = [
        TaxedAmount(tax.name, None, None, tax.inclusive, net, amount)
        for net, amount, _quantity in amounts
    ]
    return common_rates(lines, cent)


def known_taxes(connection):
    """Return the taxes that documents of ``connection`` had so far."""
    rows = connection.env["procurify.record"].search(
        Domain("connection_id", "=", connection.id) & Domain("resource", "=", "tax"),
        order="id",
    )
    return rows._payloads().values()


def with_taxes(figures, instead):
    """Return figures whose lines have other taxes.

    :param instead: {tax: the one in its place}
    """
    lines = tuple(
        replace(line, tax=instead[line.tax]) if line.tax in instead else line
        for line in figures.lines
    )
    return replace(figures, lines=lines)
