"""Taxes that Procurify names without a percentage, where a name means several rates."""

from dataclasses import replace
from decimal import Decimal

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
            amounts = self.documents.taxed(draft) if currency else {}
            named = {tax for _source, tax in amounts if tax.is_estimated}
            for tax in named:
                mine = [each for (_s, other), each in amounts.items() if other == tax]
                wrong = self._first_wrong(tax, mine, currency)
                if wrong and (rates := self._rates(tax, mine, currency)):
                    said[draft, tax] = tax, rates
                    self._instead[draft, tax] = wrong
        return said

    def _first_wrong(self, tax, amounts, currency):
        """Return (net, tax, what Odoo makes) of the first that what is mapped does not
        make, or None."""
        for each in amounts:
            made = self.documents.made_instead(tax, each, currency)
            if made is not None:
                return *each[:2], made
        return None

    @staticmethod
    def _rates(tax, amounts, currency):
        """Return the rates that make all ``amounts``, or None."""
        lines = [
            TaxedAmount(tax.name, None, None, tax.inclusive, net, amount)
            for net, amount, _quantity in amounts
        ]
        return common_rates(lines, Decimal(1).scaleb(-currency.decimal_places))

    def _currency(self, document):
        number = document.currency and document.currency.external_id
        target = self.documents._optional_target("currency", number)
        return self.documents.currencies.get(target)

    def _known(self):
        """Return the taxes that documents of this connection had so far."""
        rows = self.documents.connection.env["procurify.record"].search(
            Domain("connection_id", "=", self.documents.connection.id)
            & Domain("resource", "=", "tax"),
            order="id",
        )
        return rows._payloads().values()

    @staticmethod
    def _replace(draft, tax, other):
        lines = tuple(
            replace(line, tax=other) if line.tax == tax else line
            for line in draft.figures.lines
        )
        draft.figures = replace(draft.figures, lines=lines)
