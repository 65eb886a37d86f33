"""Mapping: what a record of Procurify may be in Odoo, by suggestion, name or making."""

from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...importers.matching.names import normalise
from ...importers.resource_kinds import PAYLOADS
from ...procurify import InvalidPayload, read_json
from .procurify_record import REVIEWER_FIELDS

_SUGGESTED_AT_ONCE = 100  # records: one look for all their names


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    candidates = fields.Json(
        "May Be",
        compute="_compute_candidates",
        help="What it may be in Odoo, the surest first: only what you may read.",
    )
    suggestion = fields.Char(
        compute="_compute_suggestion",
        search="_search_suggestion",
        help="What it most likely is in Odoo, and why. Empty when it is mapped.",
    )
    target_name = fields.Char(
        "Mapped To",
        compute="_compute_target_name",
        inverse="_inverse_target_name",
        help="The code, or the name, of what it is in Odoo. Exported and imported, it "
        "maps many at once; empty takes the mapping back.",
    )
    can_create = fields.Boolean(compute="_compute_can_create")

    # === COMPUTE METHODS === #

    @api.depends("payload", "resource", "res_id")
    @api.depends_context("uid", "lang")
    def _compute_candidates(self):
        suggestions = self._suggestions()
        owners = self._owners(suggestions)
        for record in self:
            record.candidates = [
                record._tell_candidate(candidate, owners)
                for candidate in suggestions.get(record, [])
                if candidate.target.id != record.res_id
            ]

    @api.depends("payload", "resource", "res_id", "state")
    @api.depends_context("uid", "lang")
    def _compute_suggestion(self):
        suggestions = self.filtered(
            lambda r: not r.res_id and r.state not in ("excluded", "ignored")
        )._suggestions()
        reasons = self._reason_words()
        for record in self:
            best = next(iter(suggestions.get(record, [])), None)
            record.suggestion = best and self.env._(
                "%(name)s (%(reason)s)",
                name=best.target.display_name,
                reason=", ".join(str(reasons[code]) for code in best.reasons),
            )

    @api.model
    def _search_suggestion(self, operator, value):
        """Only whether there is one can be searched."""
        if operator != "in" or set(value) != {False}:
            return NotImplemented
        unmapped = self.search(
            Domain("role", "=", "master")
            & Domain("res_id", "=", False)
            & Domain("state", "not in", ("excluded", "ignored"))
        )
        suggested = unmapped.filtered("suggestion")
        return Domain("id", "not in", suggested.ids)

    @api.depends("res_model", "res_id")
    @api.depends_context("uid", "lang")
    def _compute_target_name(self):
        self.target_name = False
        mapped = self.filtered(lambda r: r.res_model in self.env and r.res_id)
        for (company, model), records in mapped.grouped(
            lambda r: (r.company_id, r.res_model)
        ).items():
            if not self._may_enter(company):
                continue
            targets = self._person_env(company)[model].with_context(active_test=False)
            if not targets.has_access("read"):
                continue
            found = targets.search([("id", "in", records.mapped("res_id"))])
            names = {target.id: self._name_of(target) for target in found}
            for record in records:
                record.target_name = names.get(record.res_id)

    def _inverse_target_name(self):
        """Map by exact code, else exact name; each name is looked up once.

        :raises UserError: naming the row for which nothing, or more than one, fits
        """
        emptied = self.filtered(lambda record: not record.target_name)
        emptied.write({"res_id": False})
        texts = {record: record.target_name for record in self - emptied}
        for (company, resource), records in (
            (self - emptied).grouped(lambda r: (r.company_id, r.resource)).items()
        ):
            model = self._person_env(company)[self._target_model(resource)]
            found = model._procurify_named(
                {texts[record] for record in records}, company
            )
            for text, alike in records.grouped(texts.get).items():
                alike._check_one_fits(text, found[normalise(text)])
                alike.write({"res_id": found[normalise(text)].id})

    @api.depends("resource", "res_id", "state")
    @api.depends_context("uid")
    def _compute_can_create(self):
        may = {
            resource: self.sudo(False)
            .env[self._target_model(resource)]
            ._procurify_may_create()
            for resource in set(
                self.filtered(lambda r: r.role == "master").mapped("resource")
            )
        }
        for record in self:
            record.can_create = (
                record._needs_target()
                and may.get(record.resource, False)
                and record._may_enter(record.company_id)
            )

    # === ACTION METHODS === #

    def action_map_to(self, res_id):
        """Map these records to ``res_id``, and replay them and what they block.

        :returns: a notification of what came of it
        """
        self.check_access("write")
        counted = self._blocked_documents()
        self.write({"res_id": res_id})
        self._replay_mapped()
        return counted._notify_outcome()

    def action_create_missing(self):
        """Create what these records are in Odoo, map to it, and replay.

        It is done with this person's own rights in Odoo, which may not suffice.

        :returns: a notification of what came of it
        :raises AccessError: in Odoo's words
        """
        self.check_access("write")
        counted = self._blocked_documents()
        self._create_missing()
        self._replay_mapped()
        return counted._notify_outcome()

    def action_accept_suggestions(self):
        """Map each of these records that is not mapped to what it surely is.

        What is merely similar or archived, fits as well as another one, or stands for
        something else in Procurify already, is left to a person.

        :returns: a notification that says how many were mapped
        """
        self.check_access("write")
        chosen = self._sure_targets()
        taken = self.browse(record.id for record in chosen)
        for target_id, records in taken.grouped(chosen.get).items():
            records.write({"res_id": target_id})
        taken._replay_mapped()
        return self.env["procurify.connection"]._notification(
            "success" if taken else "info",
            self.env._(
                "%(taken)s of %(count)s were mapped as suggested.",
                taken=len(taken),
                count=len(self),
            ),
        )

    # === HELPERS === #

    def _replay_mapped(self):
        """Replay what was mapped; while a connection is being set up, it is kept."""
        ready = self.filtered(lambda record: record.connection_id.phase != "setup")
        if ready:
            ready.action_replay()

    def _blocked_documents(self):
        """Return the documents that wait for these records, or are among them."""
        return (self | self.sudo()._dependents().sudo(self.env.su)).filtered(
            lambda record: record.role == "document"
        )

    def _notify_outcome(self):
        """Return a notification of what became of these documents by a replay."""
        states = Counter(self.mapped("state"))
        held = states["quarantined"] + states["waiting"]
        texts = []
        if done := states["done"]:
            texts.append(self.env._("Documents in Odoo: %s.", done))
        if held:
            texts.append(self.env._("Still held: %s.", held))
        if states["pending"]:
            texts.append(self.env._("Following within minutes: %s.", states["pending"]))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if held else "success",
                "message": " ".join(texts) or self.env._("No document waited for it."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _person_env(self, company):
        """Return the environment of who looks or maps, in one company, without sudo."""
        return self.sudo(False).with_context(allowed_company_ids=company.ids).env

    def _may_enter(self, company):
        """Tell whether who looks may work in ``company``: a branch's reviewer sees
        issues that concern what is mapped in the company above it."""
        env = self.sudo(False).env
        return env.su or company.id in env.user._get_company_ids()

    def _payloads(self):
        """Return {record: payload} of those of these records that can be read."""
        payloads = {}
        for record in self:
            try:
                data = read_json(record.payload)
                payloads[record] = PAYLOADS[record.resource].from_json(data)
            except InvalidPayload:
                continue
        return payloads

    def _suggestions(self):
        """Return {record: [Candidate]} of those that are master data."""
        suggestions = {}
        masters = self.filtered(lambda record: record.role == "master")
        for (company, resource), records in masters.grouped(
            lambda r: (r.company_id, r.resource)
        ).items():
            if not self._may_enter(company):
                continue
            model = self._person_env(company)[self._target_model(resource)]
            for start in range(0, len(records), _SUGGESTED_AT_ONCE):
                some = records[start : start + _SUGGESTED_AT_ONCE]
                suggestions |= model._procurify_suggest(some)
        return suggestions

    def _owners(self, suggestions):
        """Return {(connection, model, id): names} of what already is a candidate."""
        ids = {c.target.id for found in suggestions.values() for c in found}
        rows = self.search_fetch(
            Domain("res_id", "in", list(ids))
            & Domain("res_model", "in", list(set(self.mapped("res_model"))))
            & Domain("connection_id", "in", self.connection_id.ids)
            & Domain("state", "!=", "ignored"),
            ["connection_id", "res_model", "res_id", "name", "external_id"],
        )
        return rows.grouped(lambda r: (r.connection_id, r.res_model, r.res_id))

    def _tell_candidate(self, candidate, owners):
        """Return a candidate as the browser shows it."""
        target, words = candidate.target, self._reason_words()
        rivals = owners.get((self.connection_id, target._name, target.id), self) - self
        return {
            "res_model": target._name,
            "res_id": target.id,
            "name": target._procurify_candidate_name(),
            "reason": candidate.reason,
            "reasons": list(candidate.reasons),
            "reason_text": ", ".join(words[code] for code in candidate.reasons),
            "score": round(candidate.score, 3),
            "taken_by": ", ".join(rivals[:3].mapped("display_name")),
            "usable": not target._procurify_usable(target, self),
        }

    @api.model
    def _reason_words(self):
        """Return {witness or obstacle: text}, in the order in which they are told."""
        return {
            "same_code": self.env._("same code"),
            "same_barcode": self.env._("same barcode"),
            "same_email": self.env._("same e-mail"),
            "same_name": self.env._("same name"),
            "name_fits": self.env._("same name but for its spelling"),
            "near_name": self.env._("similar name"),
            "same_rate": self.env._("same rate"),
            "linked_before": self.env._("mapped to another one of the same code"),
            "only_one": self.env._("the only one of that name"),
            "similar": self.env._("similar"),
            "archived": self.env._("archived"),
            "own_contact": self.env._("a company of this database, or a user"),
            "part_of_contact": self.env._("belongs to another contact"),
            "taken": self.env._("stands for another one"),
            "other_code": self.env._("other code"),
            "other_kind": self.env._("other kind"),
            "other_country": self.env._("of another country"),
            "unusable": self.env._("cannot be used"),
        }

    def _sure_targets(self):
        """Return {record: id} of those that may be mapped without asking."""
        unmapped = self.filtered(lambda record: record._needs_target())
        suggestions = unmapped._suggestions()
        sure = {
            record: candidates[0].target
            for record, candidates in suggestions.items()
            if record._is_sure(candidates)
        }
        owned = {key[1:] for key in unmapped._owners(suggestions)}
        wanted = Counter(sure.values())
        return {
            record: target.id
            for record, target in sure.items()
            if wanted[target] == 1 and (target._name, target.id) not in owned
        }

    def _is_sure(self, candidates):
        """Tell whether the first of ``candidates`` can only be the one."""
        if not candidates or self.issue_ids.filtered(
            lambda issue: issue.code.startswith("ambiguous_")
        ):
            return False
        best = candidates[0]
        return best.is_sure and not best.target._procurify_usable(best.target, self)

    def _needs_target(self):
        """Tell whether a person may give this master record a target."""
        self.ensure_one()
        if self.role != "master":
            return False
        if self.res_id:
            return self.state == "quarantined" and bool(self.issue_ids)
        return self.state in ("pending", "waiting", "quarantined")

    def _create_missing(self):
        """Create what these master records stand for, as this person, and map them.

        What was mapped meanwhile, by a second click too, needs nothing any more.
        """
        missing = self.filtered(lambda record: record._needs_target())
        for connection_resource in missing.grouped(
            lambda r: (r.connection_id, r.resource)
        ).values():
            company = connection_resource.company_id
            resource = connection_resource[0].resource
            model = self._person_env(company)[self._target_model(resource)]
            batch = model._procurify_batch(connection_resource.sudo())
            for record, target in model._procurify_create_missing(batch).items():
                record.sudo(False).write({"res_id": target.id})

    @api.model
    def _name_of(self, target):
        """Return the code of ``target``, or else its name."""
        code = target._procurify_code_field
        return (code and target[code]) or target[target._procurify_name_field]

    def _check_one_fits(self, text, found):
        if len(found) == 1:
            return
        record = self[0]
        names = {"name": record.display_name, "text": text}
        if found:
            raise UserError(
                self.env._(
                    "%(name)s: several records of Odoo are called “%(text)s”.", **names
                )
            )
        raise UserError(
            self.env._("%(name)s: nothing in Odoo is called “%(text)s”.", **names)
        )

    def _load_records_write(self, values):
        """Let a file carry what it was exported with, as long as that is unchanged."""
        changed = {
            field: value
            for field, value in values.items()
            if field in REVIEWER_FIELDS
            or self._fields[field].convert_to_write(self[field], self) != value
        }
        return super()._load_records_write(changed)
