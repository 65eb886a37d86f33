"""What a record of Procurify may be in Odoo, and making what is missing there."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...importers.batch import ImportBatch
from ...importers.matching.candidates import (
    Clues,
    code_prefix,
    code_similarity,
    name_similarity,
    rank,
)
from ...importers.matching.names import NameIndex
from ...importers.matching.search import search_by

# How many rows one look for what is similar reads at most, for so many records.
_MOST_SIMILAR, _MOST_SIMILAR_EACH = 100, 20


class ProcurifyImportMixin(models.AbstractModel):
    """All methods run as the person who looks or makes, in the connection's company.

    What that person may not read is not suggested, and what that person may not
    create in Odoo is not created here either.
    """

    _inherit = "procurify.import.mixin"

    # The fields that hold the name, and the code where there is one.
    _procurify_name_field = "name"
    _procurify_code_field = None

    # === CONTRACT === #

    @api.model
    def _procurify_clues(self, payload):
        """Return the Clues by which ``payload`` may be recognised."""
        return Clues({("same_name", "name"): [payload.label]}, payload.label)

    @api.model
    def _procurify_suggestible(self):
        """Return the domain of those records that may be mapped at all."""
        return Domain.TRUE

    @api.model
    def _procurify_create_values(self, batch):
        """Return {record: values} to create what the records of ``batch`` are.

        :raises UserError: something that only a person knows is missing
        """
        raise NotImplementedError

    @api.model
    def _procurify_may_create(self):
        """Tell whether this person may create what is missing."""
        return self.has_access("create")

    @api.model
    def _procurify_create_missing(self, batch):
        """Create what the records of ``batch`` stand for.

        :returns: {record: Odoo record}
        :raises AccessError: in Odoo's words
        """
        values = self._procurify_create_values(batch)
        targets = self.create(list(values.values()))
        return dict(zip(values, targets, strict=True))

    # === HELPERS === #

    @api.model
    def _procurify_suggest(self, records):
        """Return {record: [Candidate]}, best first; a handful of queries for all.

        :param records: master records of one company and resource
        """
        if not self.has_access("read"):
            return {}
        model = self.with_context(active_test=False)
        company = records.company_id
        domain = self._procurify_suggestible() & self._procurify_company_domain(company)
        payloads = records._payloads()
        clues = {record: self._procurify_clues(p) for record, p in payloads.items()}
        alike = model._procurify_similar(clues, domain)
        found = {}
        for connection in records.connection_id:
            mine = {r: c for r, c in clues.items() if r.connection_id == connection}
            findings, siblings = self._procurify_findings(mine)
            verdicts = self._procurify_verdicts(
                {
                    record: told
                    for record, told in findings.items()
                    if self._procurify_decidable(payloads[record])
                },
                siblings,
            )
            for record, told in findings.items():
                found[record] = told, verdicts.get(record)
        return {
            record: rank(
                told,
                self._procurify_likeness(clues[record], told, alike),
                lambda target: not target._procurify_is_active(),
                verdict,
            )
            for record, (told, verdict) in found.items()
        }

    @api.model
    def _procurify_likeness(self, clue, findings, alike):
        """Return {target: similarity} of those ``alike`` that no finding is about."""
        known = {finding.target for finding in findings}
        return {
            target: target._procurify_similarity(clue)
            for target in alike
            if target not in known
        }

    @api.model
    def _procurify_similar(self, clues, domain):
        """Return those records that are like some of ``clues``, not all that are.

        All names are looked for in one pass over the table.

        :param clues: {record: Clues}
        """
        found, most = self.browse(), _MOST_SIMILAR + _MOST_SIMILAR_EACH * len(clues)
        names = {r: self._procurify_names_of(clue) for r, clue in clues.items()}
        _fits, near = NameIndex(names, legal=self._procurify_legal_names).patterns()
        if near:
            found |= self.search(domain & self._procurify_names_match(near), limit=most)
        if field := self._procurify_code_field:
            prefixes = {code_prefix(clue.code) for clue in clues.values()} - {""}
            if prefixes:
                matches = Domain.OR(Domain(field, "=like", f"{p}%") for p in prefixes)
                found |= self.search(domain & matches, limit=most)
        return found

    @api.model
    def _procurify_named(self, texts, company):
        """Return {normalised text: records of exactly this code, or else name}."""
        domain = self._procurify_suggestible() & self._procurify_company_domain(company)
        by_name = search_by(self, self._procurify_name_field, texts, domain)
        if field := self._procurify_code_field:
            by_name |= search_by(self, field, texts, domain)
        return by_name

    def _procurify_candidate_name(self):
        """Return what tells this record from another one of the same name."""
        return self.display_name

    def _procurify_similarity(self, clue):
        """Return from 0 to 1 how much this record is like ``clue``."""
        name = name_similarity(clue.name, self[self._procurify_name_field] or "")
        if not self._procurify_code_field:
            return name
        code = self[self._procurify_code_field] or ""
        return max(name, code_similarity(clue.code, code))

    def _procurify_is_active(self):
        return self._active_name is None or self[self._active_name]

    @api.model
    def _procurify_batch(self, records):
        """Return an ImportBatch of ``records``, all of them readable.

        :raises UserError: naming what cannot be read
        """
        batch = ImportBatch(records)
        records._parse(batch)
        if held := [draft.record for draft in batch.drafts if draft.holds]:
            raise UserError(
                self.env._(
                    "What Procurify sent for %(names)s cannot be read.",
                    names=", ".join(record.display_name for record in held),
                )
            )
        return batch
