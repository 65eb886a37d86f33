"""The contract of an Odoo model into which Procurify's objects are imported."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..importers.draft import ImportBatch
from ..importers.issues import UNKNOWN_CODES, Hold
from ..importers.matching.candidates import Clues
from ..importers.matching.decision import ARCHIVED, Finding, Rule
from ..importers.matching.evidence import find_evidence, findings_of, verdicts_of
from ..importers.matching.search import name_matches
from ..importers.matching.suggestions import alike_by_name, named, suggest
from ..importers.meant import MeantWords

_MOST_USERS = 100  # that are looked at to name what is used


def _ids_in(value):
    """Return the ids in a reference, or in an analytic distribution."""
    if isinstance(value, dict):
        return {int(number) for key in value for number in key.split(",")}
    return set(value.ids)


class ProcurifyImportMixin(models.AbstractModel):
    """A model names its resources and says how it finds, checks and makes a record.

    All methods run as the integration user: what that user may not see is not
    found. They take whole batches and never search inside a loop.
    """

    _name = "procurify.import.mixin"
    _inherit = "procurify.document.tab"
    _description = "Procurify Import"

    _procurify_resources = ()
    # The fields that hold the name, and the code where there is one.
    _procurify_name_field = "name"
    _procurify_code_field = None
    # What suffices to link an object by itself.
    _procurify_rule = Rule()
    # Reasons of a suggestion, of which one is enough for *Accept exact matches*.
    _procurify_exact = frozenset()
    # Whether *Accept exact matches* may map several objects to one record.
    _procurify_many_to_one = False
    # The likeness from which a suggestion is proposed instead of a new record.
    _procurify_likely = 2.0  # never
    # Whether an object that is called like another record by now is a question.
    _procurify_asks_again = False
    # Whether names are of companies, whose legal forms do not count.
    _procurify_legal_names = False

    procurify_record_ids = fields.One2many(
        "procurify.record",
        "res_id",
        string="In Procurify",
        domain=lambda self: [("res_model", "=", self._name)],
        groups="procurify_connector.group_user",
        copy=False,
    )

    # === IMPORTING: WHAT A MODEL MAY SAY OTHERWISE === #

    @api.model
    def _procurify_import(self, batch):
        """Decide about every open record of ``batch``: link, hold, exclude or wait."""
        self._procurify_remember(batch)
        self._procurify_match(batch)

    @api.model
    def _procurify_match(self, batch):
        """Find or make the records of what is open in ``batch``, or hold it."""
        raise NotImplementedError

    @api.model
    def _procurify_usable(self, target, record):
        """Return the Hold that forbids to use ``target`` for ``record``, or False.

        What is archived is not used any more.
        """
        if "active" not in target._fields or target.active:
            return False
        return self._procurify_hold(record, "wrong_target", found=target.display_name)

    @api.model
    def _procurify_open_ids(self, res_ids):
        """Return those ids that a deletion in Procurify would still concern.

        The nightly check asks for each of them, however old it is.
        """
        return set(res_ids)

    # === MATCHING: WHAT A MODEL MAY SAY OTHERWISE === #

    @api.model
    def _procurify_decidable(self, payload):
        """Return whether ``payload`` may be linked without a person at all."""
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
        return name_matches("name", pattern)

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

    @api.model
    def _procurify_evidence(self, clues, domain):
        """Return {record: {target: set of witnesses}} of the records with a key or a
        name.

        :param clues: {record: Clues}
        :param domain: of what is compared
        """
        return find_evidence(self, clues, domain)

    # === MAPPING: WHAT A MODEL MAY SAY OTHERWISE === #

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
        """Return whether this person may create what is missing."""
        return self.has_access("create")

    @api.model
    def _procurify_create_missing(self, batch, edits):
        """Create what the records of ``batch`` stand for.

        :param edits: {record: values that a person has changed}
        :returns: {record: Odoo record}
        :raises AccessError: in Odoo's words
        """
        values = {
            record: new | {k: v for k, v in edits.get(record, {}).items() if k in new}
            for record, new in self._procurify_create_values(batch).items()
        }
        targets = self.create(list(values.values()))
        return dict(zip(values, targets, strict=True))

    def _procurify_used_of(self):
        """Return those of these records that something in Odoo uses, seen or not."""
        used = set()
        for model, field in self._procurify_users():
            if model in self.env:
                rows = self.env[model].sudo().with_context(active_test=False)
                found = rows.search(Domain(field, "in", self.ids), limit=_MOST_USERS)
                used |= {number for row in found for number in _ids_in(row[field])}
        return self.browse(number for number in self.ids if number in used)

    @api.model
    def _procurify_users(self):
        """Return (model, field) of what uses records of this one."""
        return []

    def _procurify_delete_created(self):
        """Delete these records, which were created for Procurify's."""
        self.unlink()

    @api.model
    def _procurify_likeness(self, clues, domain):
        """Return {record: {target: similarity or Likeness}}: not all that are alike.

        :param clues: {record: Clues}
        """
        return alike_by_name(self, clues, domain)

    @api.model
    def _procurify_proposable(self, clue, findings):
        """Return those ``findings`` that are proposed to a person."""
        return findings

    def _procurify_candidate_name(self):
        """Return what distinguishes this record from another one of the same name."""
        return self.display_name

    def _procurify_is_active(self):
        return self._active_name is None or self[self._active_name]

    # === MATCHING AND MAPPING === #

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
        return verdicts_of(self, *findings_of(self, clues))

    @api.model
    def _procurify_decide_open(self, batch):
        """Return the (draft, Verdict) pairs of what is open in ``batch``."""
        payloads = batch.open_payloads()
        verdicts = self._procurify_decide(payloads, payloads)
        return [(batch.draft(record), verdict) for record, verdict in verdicts.items()]

    @api.model
    def _procurify_suggest(self, records):
        """Return {record: [Candidate]}, best first; a handful of queries for all.

        :param records: master records of one company and resource
        """
        return suggest(self, records)

    @api.model
    def _procurify_named(self, texts, company):
        """Return {normalised text: records of exactly this code, or else name}."""
        return named(self, texts, company)

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
                    "The data that Procurify sent for %(names)s cannot be read.",
                    names=", ".join(record.display_name for record in held),
                )
            )
        return batch

    # === IMPORTING === #

    @api.model
    def _procurify_unknown_code(self, resource):
        """Return the issue that an unmapped ``resource`` is, if it holds anything."""
        return UNKNOWN_CODES.get(resource)

    @api.model
    def _procurify_key(self, record):
        """Return what the issues about ``record`` are called by."""
        return record.external_id

    @api.model
    def _procurify_remember(self, batch):
        """Keep the links that exist; hold those that cannot be used any more."""
        linked = [draft for draft in batch.open if draft.record.res_id]
        unusable = self._procurify_unusable(batch.records_of(linked))
        unusable |= self._procurify_renamed(
            {d.record: d.payload for d in linked if d.record not in unusable}
        )
        for draft in linked:
            if hold := unusable.get(draft.record):
                draft.hold_once(hold)
            else:
                draft.link(draft.record.res_id, "remembered")

    @api.model
    def _procurify_renamed(self, payloads):
        """Return {record: Hold} of what was found by its code or name, and would be
        another record by them now.

        What a person mapped stands, whatever it is called.

        :param payloads: {linked record: payload}
        """
        changed = [
            record
            for record in payloads
            if self._procurify_asks_again
            and record.origin == "matched"
            and record.applied_digest != record.digest
        ]
        if not changed:
            return {}
        holds = {}
        for record, verdict in self._procurify_decide(changed, payloads).items():
            if verdict.is_link and verdict.target.id != record.res_id:
                found = self.env._(
                    "%(target)s, but is called like %(other)s now",
                    target=self.browse(record.res_id)._procurify_candidate_name(),
                    other=verdict.target._procurify_candidate_name(),
                )
                holds[record] = self._procurify_hold(
                    record, "wrong_target", found=found
                )
        return holds

    @api.model
    def _procurify_find_linked(self, batch):
        """Note which open drafts are in Odoo already; hold those whose is gone."""
        linked = [draft for draft in batch.open if draft.record.res_id]
        ids = [draft.record.res_id for draft in linked]
        found = {each.id: each for each in self.search(Domain("id", "in", ids))}
        for draft in linked:
            draft.found = found.get(draft.record.res_id)
            if not draft.found:
                draft.hold("target_deleted", value=draft.record.name)

    @api.model
    def _procurify_hold_otherwise(self, rows):
        """Hold what stays in Odoo, and differs from what was meant.

        :param rows: {draft: rows of texts}
        """
        for draft, mine in rows.items():
            text = MeantWords(self.env, ()).sentence(mine)
            hold = Hold("booked_otherwise", draft.key, {"value": text})
            draft.hold_written(hold)
            draft.note(difference=mine)

    @api.model
    def _procurify_unusable(self, records):
        """Return {record: Hold} of those linked ``records`` whose target is no use.

        A target that the integration user may not see counts as unknown, and the
        hold does not say more: its existence is not for everybody.
        """
        ids = records.mapped("res_id")
        existing = set(self.sudo().browse(ids).exists().ids)
        visible = {
            target.id: target
            for target in self.with_context(active_test=False).search(
                Domain("id", "in", ids)
                & self._procurify_company_domain(self.env.companies)
            )
        }
        unusable = {}
        for record in records:
            if record.res_id not in existing:
                hold = self._procurify_hold(record, "target_deleted")
            elif record.res_id not in visible:
                hold = self._procurify_hold(
                    record, self._procurify_unknown_code(record.resource)
                )
            else:
                hold = self._procurify_usable(visible[record.res_id], record)
            if hold:
                unusable[record] = hold
        return unusable

    @api.model
    def _procurify_company_domain(self, companies):
        """Records that one of ``companies`` may use, as Odoo itself checks it."""
        if self._fields.keys() & {"company_id", "company_ids"}:
            return Domain(self._check_company_domain(companies))
        return Domain.TRUE

    @api.model
    def _procurify_hold(self, record, code, **params):
        """Return a Hold about the master record ``record`` itself."""
        key = self._procurify_key(record)
        if code == "target_deleted":
            key = f"{record.resource}/{key}"
        return Hold(code, key, {"value": record.name} | params, record.id)

    @api.model
    def _procurify_follow(self, batch, prepare):
        """Carry changes to records that the connector made, and nobody edited since.

        A field that a person changed in Odoo is that person's from then on.

        :param prepare: gives what a payload says about a record, as JSON values
        """
        for draft in batch.drafts:
            record = draft.record
            if (
                draft.origin != "remembered"
                or record.origin != "created"
                or record.applied_digest == record.digest
            ):
                continue
            target = self.browse(record.res_id)
            applied = record.applied_state or {}
            news = {
                field: value
                for field, value in prepare(draft.payload).items()
                if value != applied.get(field)
                and target._fields[field].convert_to_write(target[field], target)
                == applied.get(field)
            }
            if news:
                target.write(news)
            draft.link(target.id, "remembered", written=applied | news)

    def _procurify_validating(self):
        """Return these documents, to be posted or confirmed as a person does it: what
        Odoo asks of analytic distributions counts.

        It asks line by line: where no plan is mandatory, that takes long for nothing.
        """
        plans = self.env["account.analytic.plan"].sudo()
        rules = self.env["account.analytic.applicability"].sudo()
        is_asked = rules.search_count(
            [("applicability", "=", "mandatory")], limit=1
        ) or plans.search_count([("default_applicability", "=", "mandatory")], limit=1)
        return self.with_context(validate_analytic=bool(is_asked))

    @api.model
    def _procurify_hold_open(self, draft, code=None, **params):
        """Hold the draft of a master record, as unknown unless ``code`` says more."""
        code = code or self._procurify_unknown_code(draft.record.resource)
        draft.holds.append(self._procurify_hold(draft.record, code, **params))
