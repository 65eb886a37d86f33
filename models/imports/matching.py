"""What speaks for each Odoo record that an object may be, looked up as sets."""

from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...importers.matching.decision import (
    ARCHIVED,
    LINKED_BEFORE,
    SAME_CODE,
    Finding,
    Rule,
    decide,
    settle,
)
from ...importers.matching.names import (
    FOLDED_SQL,
    NEAR_NAME,
    SAME_NAME,
    NameIndex,
    name_keys,
    normalise,
)
from ...importers.matching.search import spellings_of

# Rows that one look for similar names reads at most.
_MOST_NEAR = 5000


class ProcurifyImportMixin(models.AbstractModel):
    """``matching`` decides; here is what it decides by.

    All methods run as who looks: what that person may not read is no candidate.
    """

    _inherit = "procurify.import.mixin"

    _procurify_rule = Rule()
    # Whether names are of companies, whose legal forms do not count.
    _procurify_legal_names = False

    # === CONTRACT === #

    @api.model
    def _procurify_decidable(self, payload):
        """Tell whether ``payload`` may be linked without a person at all."""
        return True

    @api.model
    def _procurify_matchable(self, connection, resource):
        """Return the domain of what is compared: more than what may be linked.

        What may only not be linked is an obstacle: it keeps a twin from being made.
        """
        return self._procurify_company_domain(connection.company_id)

    @api.model
    def _procurify_staged_names(self, record):
        """Return the names to which a staged object answers."""
        return {record.name or ""}

    @api.model
    def _procurify_staged_match(self, pattern):
        """Return the domain of staged objects that answer to a name of ``pattern``, as
        ``NameIndex`` gives it; others may be among them."""
        return _names_match("name", pattern)

    @api.model
    def _procurify_weigh(self, evidence, clues, siblings):
        """Return {record: [Finding]}: evidence with what forbids it.

        :param evidence: {record: {target: set of witnesses}}
        :param clues: {record: Clues}
        :param siblings: Siblings of the records
        """
        return {
            record: [
                Finding(
                    target,
                    frozenset(witnesses),
                    frozenset(target._procurify_obstacles(record, clues[record])),
                )
                for target, witnesses in mine.items()
            ]
            for record, mine in evidence.items()
        }

    def _procurify_obstacles(self, record, clue):
        """Return what forbids to link ``record`` to this one by itself."""
        return set() if self._procurify_is_active() else {ARCHIVED}

    # === DECIDING === #

    @api.model
    def _procurify_decide(self, records, payloads):
        """Decide which Odoo records ``records`` are.

        :param records: of one connection and resource
        :param payloads: {record: payload} of at least these
        :returns: {record: Verdict}
        """
        clues = {
            record: self._procurify_clues(payloads[record])
            for record in records
            if self._procurify_decidable(payloads[record])
        }
        findings, siblings = self._procurify_findings(clues)
        return self._procurify_verdicts(findings, siblings)

    @api.model
    def _procurify_decide_open(self, batch):
        """Return the (draft, Verdict) pairs of what is open in ``batch``."""
        payloads = batch.open_payloads()
        verdicts = self._procurify_decide(payloads, payloads)
        return [(batch.draft(record), verdict) for record, verdict in verdicts.items()]

    @api.model
    def _procurify_verdicts(self, findings, siblings):
        """Return {record: Verdict}."""
        rule = self._procurify_rule
        verdicts = {
            record: decide(mine, rule, siblings.rivals(record))
            for record, mine in findings.items()
        }
        return settle(verdicts, rule)

    @api.model
    def _procurify_findings(self, clues):
        """Return ({record: [Finding]}, Siblings) of records of one connection."""
        records = next(iter(clues), None)
        if not records:
            return {}, None
        records = records.union(*clues)
        siblings = Siblings(self, records)
        domain = self._procurify_matchable(records.connection_id, records[0].resource)
        evidence = self.with_context(active_test=False)._procurify_evidence(
            clues, domain
        )
        name = self._procurify_name_field
        siblings.look_at(self.union(*(t for mine in evidence.values() for t in mine)))
        for record, mine in evidence.items():
            siblings.note_linked(record, mine)
            for target, witnesses in list(mine.items()):
                # Only alike, and somebody else's in Procurify: no twin to fear.
                if witnesses == {NEAR_NAME} and siblings.has_owner(
                    record, target, target[name]
                ):
                    del mine[target]
        findings = self._procurify_weigh(evidence, clues, siblings)
        return {
            record: [
                finding._replace(
                    is_claimed=siblings.is_claimed(record, finding.target[name])
                )
                if finding.fits
                else finding
                for finding in mine
            ]
            for record, mine in findings.items()
        }, siblings

    # === LOOKING UP === #

    @api.model
    def _procurify_names_of(self, clue):
        """Return the names among ``clue``'s marks, or else its name."""
        marked = clue.marks.get((SAME_NAME, self._procurify_name_field))
        return [text for text in marked or [clue.name] if text]

    @api.model
    def _procurify_evidence(self, clues, domain):
        """Return {record: {target: set of witnesses}} of who bears a key or a name.

        Two queries, however many records.

        :param clues: {record: Clues}
        """
        names = NameIndex(
            {record: self._procurify_names_of(clue) for record, clue in clues.items()},
            legal=self._procurify_legal_names,
        )
        keys = self._procurify_keys(clues)
        fits, near = names.patterns()
        conditions = [
            self._procurify_has(field, by) for (_w, field), by in keys.items()
        ]
        if fits:
            conditions.append(self._procurify_names_match(fits))
        found = self.search(domain & Domain.OR(conditions)) if conditions else self
        if near:
            found |= self.search(
                domain & self._procurify_names_match(near), limit=_MOST_NEAR, order="id"
            )
        evidence = {record: defaultdict(set) for record in clues}
        for target in found:
            for (witness, field), by_text in keys.items():
                for record in by_text.get(normalise(target[field]), ()):
                    evidence[record][target].add(witness)
            kinds = names.look_up(target[self._procurify_name_field] or "")
            for record, kind in kinds.items():
                evidence[record][target].add(kind)
        return evidence

    @api.model
    def _procurify_keys(self, clues):
        """Return {(witness, field): {normalised text: records}} of all but names."""
        keys = defaultdict(lambda: defaultdict(list))
        for record, clue in clues.items():
            for mark, texts in clue.marks.items():
                if mark != (SAME_NAME, self._procurify_name_field):
                    for text in filter(None, texts):
                        keys[mark][normalise(text)].append(record)
        return keys

    @api.model
    def _procurify_has(self, field, texts):
        """Return the domain of records whose ``field`` is in ``texts``, in any case.

        A comparison with each text by itself would be slow.
        """
        spellings = {s for text in texts for s in spellings_of(text)}
        spellings |= {_lower_ascii(s) for s in spellings}
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "lower(%s) = ANY(%s)",
                model._field_to_sql(alias, field, query),
                sorted(spellings),
            )
        )

    @api.model
    def _procurify_names_match(self, pattern):
        """Return the domain of names that match a pattern as ``NameIndex`` gives it."""
        return _names_match(self._procurify_name_field, pattern)


class Siblings:
    """The staged objects of one connection and resource that may be meant as well:
    they bear a name that is looked at, or are linked to what is looked at."""

    def __init__(self, model, records):
        """:param records: those about which is decided"""
        self._model = model
        self._names = {r: model._procurify_staged_names(r) for r in records}
        self._unread = dict(self._names)
        self._seen = model.browse()
        self._rows = records.browse()
        self._domain = (
            Domain("connection_id", "=", records.connection_id.id)
            & Domain("resource", "=", records[0].resource)
            & Domain("state", "not in", ("excluded", "ignored"))
        )

    def look_at(self, targets):
        """Read who bears the names of the records, and who is linked to ``targets`` of
        Odoo or bears their names."""
        targets -= self._seen
        name = self._model._procurify_name_field
        names = self._unread | {target: {target[name] or ""} for target in targets}
        if names:
            self._seen |= targets
            self._unread = {}
            self._read(names, Domain("res_id", "in", targets.ids))

    def _read(self, names, others):
        """Read the objects that bear some of ``names``, and those of ``others``."""
        model, legal = self._model, self._model._procurify_legal_names
        fits, _near = NameIndex(names, legal=legal, near=False).patterns()
        # A name without a letter has no pattern.
        odd = {n for some in names.values() for n in some if n and not name_keys(n)}
        domain = others | Domain("name", "in", list(odd))
        if fits:
            domain |= model._procurify_staged_match(fits)
        self._rows |= self._rows.search_fetch(
            self._domain & domain, ["name", "code", "res_id", "external_id"]
        )
        self._names |= {
            row: model._procurify_staged_names(row)
            for row in self._rows
            if row not in self._names
        }
        self._index = NameIndex(self._names, legal=legal, near=False)
        # Who answers to no name claims nobody.
        claiming = self._rows.filtered(lambda row: row.res_id and any(self._names[row]))
        self._linked = claiming.grouped("res_id")

    def rivals(self, record):
        """Return the other objects that bear a name of ``record``."""
        found = set().union(*(self._index.fitting(n) for n in self._names[record]))
        return (
            record.browse(other.id for other in self._rows if other in found) - record
        )

    def is_claimed(self, record, name):
        """Tell whether another object bears ``name``."""
        return bool(self._index.fitting(name or "") - {record})

    def linked(self, record, target):
        """Return the other objects that are ``target`` already."""
        return self._linked.get(target.id, record.browse()) - record

    def has_owner(self, record, target, name):
        """Tell whether ``target`` is another object's, by its link or its ``name``."""
        return bool(self.linked(record, target)) or self.is_claimed(record, name)

    def note_linked(self, record, evidence):
        """Add that a target is linked to another object of the same code."""
        code = normalise(record.code)
        for target, witnesses in evidence.items():
            codes = {normalise(o.code) for o in self.linked(record, target)} - {""}
            if SAME_CODE in witnesses and code in codes:
                witnesses.add(LINKED_BEFORE)


def _names_match(field, pattern):
    """Return the domain of records whose ``field`` is like a pattern of names."""
    return Domain.custom(
        to_sql=lambda model, alias, query: SQL(
            "%s ~ %s",
            SQL(FOLDED_SQL, column=model._field_to_sql(alias, field, query)),
            pattern,
        )
    )


def _lower_ascii(text):
    return "".join(c.lower() if c.isascii() else c for c in text)
