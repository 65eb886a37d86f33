"""Mapping master data to Odoo: suggestions, accepting and creating, and its users."""

from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...importers.matching.decision import OBSTACLES
from ...importers.matching.names import normalise
from .quarantine import REPLAY_AT_ONCE

_SUGGESTED_AT_ONCE = 100  # records: one look for all their names
_IS_DRAFT = SQL("""COALESCE(move.state, "order".state) IN ('draft', 'sent')""")


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    candidates = fields.Json(
        "Suggestions",
        compute="_compute_candidates",
        help="Possible matches in Odoo that you may read, the best first.",
    )
    suggestion = fields.Char(
        compute="_compute_suggestion",
        search="_search_suggestion",
        help="The most likely match in Odoo, and why. Empty if already mapped.",
    )
    target_name = fields.Char(
        "Mapped To",
        compute="_compute_target_name",
        inverse="_inverse_target_name",
        help="The code or name of the matching record in Odoo. Export and import this "
        "list to map many at once. Leave it empty to remove the mapping.",
    )
    can_create = fields.Boolean(compute="_compute_can_create")
    document_count = fields.Integer("Used By", compute="_compute_document_count")
    outdated_count = fields.Integer(
        "Drafts with an Earlier Mapping",
        compute="_compute_outdated_counts",
        help="Drafts in Odoo that were made with an earlier mapping.",
    )
    booked_count = fields.Integer(
        "Booked with an Earlier Mapping",
        compute="_compute_outdated_counts",
        help="Posted bills and confirmed orders that were made with an earlier "
        "mapping. They keep it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("payload", "resource", "res_id")
    @api.depends_context("uid", "lang")
    def _compute_candidates(self):
        suggestions = self._suggestions()
        owners = self._owners(suggestions)
        for record in self:
            record.candidates = [
                record._serialize_candidate(candidate, owners)
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
                name=best.target._procurify_candidate_name(),
                reason=", ".join(str(reasons[code]) for code in best.reasons),
            )

    @api.model
    def _search_suggestion(self, operator, value):
        """Search only whether there is a suggestion."""
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
        """Map by exact code, else by exact name; each text is looked up once.

        :raises UserError: naming a record for which nothing, or several, match
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

    def _compute_document_count(self):
        groups = self.env["procurify.mention"]._read_group(
            [("mention_id", "in", self.ids)], ["mention_id"], ["__count"]
        )
        counts = {record.id: count for record, count in groups}
        for record in self:
            record.document_count = counts.get(record.id, 0)

    @api.depends("res_id")
    def _compute_outdated_counts(self):
        counts = {}
        if self.ids:
            counts = {
                (master_id, is_draft): count
                for master_id, is_draft, count in self.env.execute_query(
                    SQL(
                        "SELECT master.id, %s, COUNT(*) %s GROUP BY 1, 2",
                        _IS_DRAFT,
                        self._outdated(),
                    )
                )
            }
        for record in self:
            record.outdated_count = counts.get((record.id, True), 0)
            record.booked_count = counts.get((record.id, False), 0)

    # === ACTION METHODS === #

    def action_map_to(self, res_id):
        """Map these records to ``res_id``, and replay them and what they block.

        :returns: a notification of the result
        """
        self.check_access("write")
        counted = self._blocked_documents()
        self.write({"res_id": res_id})
        self._replay_mapped()
        return self._notify_mapped(counted)

    def action_open_documents(self):
        """Open the documents that name this."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_record_action"
        )
        return action | {"domain": [("mention_ids", "in", self.ids)], "context": {}}

    def action_reapply(self):
        """Update the drafts that have a former mapping of these records.

        They are imported as if Procurify had changed them: drafts that a person edited
        are put on hold, not overwritten. Some hundred at once, the rest by the cron.
        """
        self.check_access("write")
        rows = self and self.env.execute_query(
            SQL(
                "SELECT DISTINCT document.id %s AND %s ORDER BY 1",
                self._outdated(),
                _IS_DRAFT,
            )
        )
        return self.browse(document_id for (document_id,) in rows)._reapply()

    def _reapply(self):
        """Import these drafts again, and return the notification of their states."""
        drafts = self.sudo()
        self.env["procurify.audit"]._log_chosen("reapply", drafts)
        # Otherwise the import would find nothing new.
        drafts.applied_digest = False
        drafts[:REPLAY_AT_ONCE]._import()
        if rest := drafts[REPLAY_AT_ONCE:]:
            rest._requeue()
            self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()
        return self._notify_reapplied(drafts)

    # === CHECKS === #

    def _check_no_document(self):
        """Refuse to map documents by hand.

        :raises UserError: naming the document
        """
        if documents := self.filtered(lambda record: record.role != "master"):
            raise UserError(
                self.env._(
                    "%(name)s is a document. Only master data can be mapped manually.",
                    name=documents[0].display_name,
                )
            )

    def _check_mapping(self, vals):
        """Refuse a mapping to a record of Odoo that these cannot be.

        :raises UserError: with the reason
        """
        wanted = {self._target_model(name) for name in set(self.mapped("resource"))}
        if vals.get("res_id") and len(wanted) > 1:
            raise UserError(self.env._("Map one kind of records at a time."))
        for resource in set(self.mapped("resource")):
            model = self._target_model(resource)
            if vals.get("res_model", model) not in (model, False):
                raise UserError(
                    self.env._(
                        "%(resource)s are mapped to %(model)s.",
                        resource=dict(self._selection_resource())[resource],
                        model=self.env[model]._description,
                    )
                )
            if vals.get("res_id"):
                target = self.env[model].browse(vals["res_id"]).exists()
                if not target:
                    raise UserError(self.env._("The chosen record no longer exists."))
                target.check_access("read")
                self._check_target_company(target)
                record = self.filtered(lambda r, name=resource: r.resource == name)[:1]
                if hold := target._procurify_usable(target, record):
                    issues = self.env["procurify.issue"]
                    raise UserError(issues._message(hold.code, hold.params))

    def _check_target_company(self, target):
        """Refuse a target of a company for which these records are not used.

        :raises UserError: naming the company
        """
        for connection in self.connection_id.sudo():
            domain = target._procurify_company_domain(connection._companies())
            if not target.with_context(active_test=False).search_count(
                domain & Domain("id", "=", target.id)
            ):
                raise UserError(
                    self.env._(
                        "%(name)s cannot be used in %(company)s.",
                        name=target.display_name,
                        company=connection.company_id.name,
                    )
                )

    def _check_one_fits(self, text, found):
        """
        :raises UserError: not exactly one record was ``found`` for ``text``
        """
        if len(found) == 1:
            return
        record = self[0]
        names = {"name": record.display_name, "text": text}
        if found:
            raise UserError(
                self.env._(
                    "%(name)s: Odoo has several records named “%(text)s”.", **names
                )
            )
        raise UserError(
            self.env._("%(name)s: Odoo has no record named “%(text)s”.", **names)
        )

    # === SUGGESTIONS === #

    def _suggestions(self):
        """Return {record: [Candidate]} of the master data among these."""
        suggestions = {}
        masters = self.filtered(lambda record: record.role == "master")
        masters.fetch(["payload"])  # which no list reads ahead
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
        """Return {(connection, model, id): records already mapped to a candidate}."""
        ids = {c.target.id for found in suggestions.values() for c in found}
        rows = self.search_fetch(
            Domain("res_id", "in", list(ids))
            & Domain("res_model", "in", list(set(self.mapped("res_model"))))
            & Domain("connection_id", "in", self.connection_id.ids)
            & Domain("state", "!=", "ignored"),
            ["connection_id", "res_model", "res_id", "name", "external_id"],
        )
        return rows.grouped(lambda r: (r.connection_id, r.res_model, r.res_id))

    def _serialize_candidate(self, candidate, owners):
        """Return a candidate as a dictionary for the web client and the API."""
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
        """Return {reason for or against a candidate: text}, in order of display."""
        return {
            "same_code": self.env._("same code"),
            "same_barcode": self.env._("same barcode"),
            "same_email": self.env._("same e-mail"),
            "same_name": self.env._("same name"),
            "name_fits": self.env._("same name, spelled differently"),
            "near_name": self.env._("similar name"),
            "same_rate": self.env._("same rate"),
            "linked_before": self.env._(
                "another record with the same code is mapped to it"
            ),
            "only_one": self.env._("the only one with this name"),
            "same_days": self.env._("same days"),
            "same_meaning": self.env._("same meaning"),
            "similar": self.env._("similar"),
            "used_before": self.env._("used for bills of these vendors"),
            "archived": self.env._("archived"),
            "own_contact": self.env._("a company of this database, or a user"),
            "part_of_contact": self.env._("belongs to another contact"),
            "taken": self.env._("already used for another record"),
            "other_code": self.env._("different code"),
            "other_kind": self.env._("different kind"),
            "other_country": self.env._("different country"),
            "unusable": self.env._("cannot be used"),
        }

    def _needs_target(self):
        """Return whether a person may map this master record."""
        self.ensure_one()
        if self.role != "master":
            return False
        if self.res_id:
            return self.state == "quarantined" and bool(self.issue_ids)
        return self.state in ("pending", "waiting", "quarantined")

    def _procurify_vendors(self):
        """Return {record: ids of the partners of vendors whose documents name it}."""
        partners = defaultdict(set)
        rows = self.ids and self.env.execute_query(
            SQL(
                """
                SELECT named.mention_id, vendor.res_id
                  FROM procurify_mention named
                  JOIN procurify_mention other
                    ON other.document_id = named.document_id
                  JOIN procurify_record vendor ON vendor.id = other.mention_id
                 WHERE named.mention_id IN %(records)s
                   AND vendor.resource = 'vendor' AND vendor.res_id IS NOT NULL
                """,
                records=tuple(self.ids),
            )
        )
        for record_id, partner_id in rows or ():
            partners[self.browse(record_id)].add(partner_id)
        return partners

    # === THE PERSON WHO MAPS === #

    def _person_env(self, company):
        """Return the user's environment in one company, without sudo."""
        return self.sudo(False).with_context(allowed_company_ids=company.ids).env

    def _may_enter(self, company):
        """Return whether the user may work in ``company``.

        A branch's reviewer also sees issues about records of the parent company.
        """
        env = self.sudo(False).env
        return env.su or company.id in env.user._get_company_ids()

    @api.model
    def _name_of(self, target):
        """Return the code of ``target``, or else its name."""
        code = target._procurify_code_field
        return (code and target[code]) or target[target._procurify_name_field]

    # === REPLAY OF WHAT WAS BLOCKED === #

    def _replay_mapped(self):
        """Replay what was mapped, but not while its connection is being set up."""
        ready = self.filtered(lambda record: record.connection_id.phase != "setup")
        if ready:
            ready.action_replay()

    def _notify_mapped(self, documents):
        """Return the notification of what mapping these did to ``documents``."""
        if "setup" not in self.connection_id.mapped("phase"):
            return documents._notify_outcome()
        return self.connection_id[:1]._notification(
            "success",
            self.env._("Mapped. Do the dry run again to see what it changes."),
        )

    def _blocked_documents(self):
        """Return the documents that these records block, or that are among them."""
        return (self | self.sudo()._dependents().sudo(self.env.su)).filtered(
            lambda record: record.role == "document"
        )

    def _notify_outcome(self, done_text=None):
        """Return a notification of the states of these records after a replay.

        :param done_text: says what was done with those that are in Odoo now, with %s
            for their number
        """
        states = Counter(self.mapped("state"))
        held = states["quarantined"] + states["waiting"]
        numbers = (
            (done_text or self.env._("Documents in Odoo: %s."), states["done"]),
            (self.env._("Still on hold: %s."), held),
            (self.env._("Excluded by a rule: %s."), states["excluded"]),
            (self.env._("Ignored: %s."), states["ignored"]),
            (self.env._("To be imported within minutes: %s."), states["pending"]),
        )
        texts = [text % number for text, number in numbers if number]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if held else "success",
                "message": " ".join(texts) or self.env._("No documents were affected."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # === DOCUMENTS THAT NAME MASTER DATA === #

    def _outdated(self):
        """Return, as SQL, the documents in Odoo that have a former mapping of these.

        Cancelled documents are skipped, and those that a person chose to keep.
        """
        documents = self._search([("state", "=", "done"), ("role", "=", "document")])
        self.env.flush_all()
        masters, mentioned = self._former_mentions()
        return SQL(
            """
              FROM unnest(%(masters)s::int[], %(mentioned)s::int[])
                   AS mention (mention_id, document_id)
              JOIN procurify_record master ON master.id = mention.mention_id
              JOIN procurify_record document ON document.id = mention.document_id
              LEFT JOIN account_move move
                ON document.res_model = 'account.move' AND move.id = document.res_id
              LEFT JOIN purchase_order "order"
                ON document.res_model = 'purchase.order'
               AND "order".id = document.res_id
             WHERE document.kept_version IS DISTINCT FROM document.digest || '/present'
               AND document.id IN %(documents)s
               AND COALESCE(move.state, "order".state) != 'cancel'
               -- Orders name account codes too, and book nothing on them.
               AND (master.resource != 'account_code' OR document.resource = 'bill')
            """,
            masters=masters,
            mentioned=mentioned,
            documents=documents.subselect(),
        )

    def _former_mentions(self):
        """Return ids of these, and of the documents that have a former mapping of each.

        They are mostly none. One range of an index each finds them, which the planner
        would not do for the whole question: it expects that every other one is.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT master.id, mention.document_id
                  FROM procurify_record master
            CROSS JOIN LATERAL (
                       SELECT document_id FROM procurify_mention
                        WHERE mention_id = master.id
                          AND res_id < COALESCE(master.res_id, 0)
                        UNION ALL
                       SELECT document_id FROM procurify_mention
                        WHERE mention_id = master.id
                          AND res_id > COALESCE(master.res_id, 0)
                        UNION ALL
                       SELECT document_id FROM procurify_mention
                        WHERE mention_id = master.id
                          AND res_id IS NULL AND master.res_id IS NOT NULL
                       ) mention
                 WHERE master.id IN %s
                """,
                tuple(self.ids),
            )
        )
        return [row[0] for row in rows], [row[1] for row in rows]

    def _notify_reapplied(self, drafts):
        """Return the notification with the states of ``drafts``."""
        held = drafts.filtered(lambda record: record.state == "quarantined")
        later = drafts.filtered(lambda record: record.state in ("pending", "waiting"))
        message = self.env._(
            "Re-applied to %(done)s drafts. Put on hold for review: %(held)s. To be "
            "imported within minutes: %(later)s.",
            done=len(drafts - held - later),
            held=len(held),
            later=len(later),
        )
        return self.connection_id[:1]._notification(
            "warning" if held else "success", message
        )

    # === ACCEPTING SUGGESTIONS === #

    def action_accept_suggestions(self):
        """Map those of these records that have one exact suggestion.

        A person decides if the suggestion is only similar, archived, one of several, or
        mapped to another record already.

        :returns: a notification that says how many were mapped, and why others were not
        """
        self.check_access("write")
        chosen, left = self._exact_targets()
        taken = self._map_to_targets(chosen)
        return self.env["procurify.connection"]._notification(
            "success" if taken else "warning", self._accepted_text(taken, left)
        )

    def action_accept_suggestion(self):
        """Map each of these records to its first suggestion, as a person has seen it.

        :returns: a notification that says how many were mapped
        :raises UserError: there is none, or it cannot be used
        """
        self.check_access("write")
        unmapped = self.filtered(lambda record: record._needs_target())
        chosen = {}
        for record, candidates in unmapped._suggestions().items():
            if candidates:
                chosen[record] = candidates[0].target
        if missing := unmapped - self.browse(record.id for record in chosen):
            raise UserError(
                self.env._(
                    "There is no suggestion for %(names)s. Choose the record in Odoo.",
                    names=", ".join(missing.mapped("display_name")),
                )
            )
        taken = self._map_to_targets(chosen)
        return self.env["procurify.connection"]._notification(
            "success", self._accepted_text(taken, Counter())
        )

    def _map_to_targets(self, chosen):
        """Map and replay {record: Odoo record}; return the records."""
        taken = self.browse(record.id for record in chosen)
        for target, records in taken.grouped(chosen.get).items():
            records.write({"res_id": target.id})
        taken._replay_mapped()
        return taken

    def _proposed_targets(self):
        """Return ({record: its exact or likely Odoo record}, {record: the suggestion}).

        A person has seen neither yet, and decides about both.
        """
        suggestions = self._suggestions()
        proposed, _left = self._exact_targets(suggestions)
        suggested = {}
        for record, candidates in suggestions.items():
            if not candidates or candidates[0].target._procurify_usable(
                candidates[0].target, record
            ):
                continue
            best = candidates[0]
            suggested[record] = best.target
            if best.score >= best.target._procurify_likely:
                proposed.setdefault(record, best.target)
        return proposed, suggested | proposed

    def _exact_targets(self, suggestions=None):
        """Return ({record: Odoo record}, Counter of why the others have none)."""
        unmapped = self.filtered(lambda record: record._needs_target())
        if suggestions is None:
            suggestions = unmapped._suggestions()
        left = Counter()
        chosen = {}
        for record in unmapped:
            candidates = suggestions.get(record, [])
            if reason := record._why_not_exact(candidates):
                left[reason] += 1
            else:
                chosen[record] = candidates[0].target
        owned = {key[1:] for key in unmapped._owners(suggestions)}
        wanted = Counter(chosen.values())
        for record, target in list(chosen.items()):
            if not target._procurify_many_to_one and (
                wanted[target] > 1 or (target._name, target.id) in owned
            ):
                left["taken"] += 1
                del chosen[record]
        return chosen, left

    def _why_not_exact(self, candidates):
        """Return the code of why the first of ``candidates`` is not exact, or False."""
        if not candidates:
            return "none"
        best = candidates[0]
        exact = best.target._procurify_exact
        alike = [
            candidate
            for candidate in candidates
            if exact.intersection(candidate.reasons)
            and not OBSTACLES.intersection(candidate.reasons)
        ]
        if len(alike) > 1 or self.issue_ids.filtered(
            lambda issue: issue.code.startswith("ambiguous_")
        ):
            return "several"
        if not best.is_sure and best not in alike:
            return "similar"
        return "unusable" if best.target._procurify_usable(best.target, self) else False

    def _accepted_text(self, taken, left):
        """Return in words how many were mapped, and why the others are left."""
        text = self.env._(
            "Mapped: %(taken)s of %(count)s.", taken=len(taken), count=len(self)
        )
        words = {
            "none": self.env._("no suggestion"),
            "similar": self.env._("only similar"),
            "several": self.env._("several possible matches"),
            "taken": self.env._("match used for another record"),
            "unusable": self.env._("match cannot be used"),
        }
        reasons = [f"{words[code]}: {left[code]}" for code in words if left[code]]
        if not reasons:
            return text
        left_text = self.env._("Left for you: %(list)s.", list=", ".join(reasons))
        return f"{text} {left_text}"

    # === CREATING WHAT IS MISSING === #

    def action_create_missing(self):
        """Create these records in Odoo, map them, and replay.

        The user's own rights in Odoo apply.

        :returns: a notification of the result
        :raises AccessError: the user may not create them
        """
        self.check_access("write")
        counted = self._blocked_documents()
        self._create_missing()
        self._replay_mapped()
        return self._notify_mapped(counted)

    def action_preview_missing(self):
        """Show what these records would become in Odoo, to create them in one step.

        :raises UserError: there is nothing to create
        """
        self.check_access("write")
        return self.env["procurify.creation"]._preview(self)

    def _create_missing(self, edits=None):
        """Create these master records in Odoo as the user, and map them.

        Those that were mapped meanwhile, as by a second click, are skipped.

        :param edits: {record: values that a person has changed}
        :returns: {record: Odoo record}
        """
        created = {}
        missing = self.filtered(lambda record: record._needs_target())
        for connection_resource in missing.grouped(
            lambda r: (r.connection_id, r.resource)
        ).values():
            company = connection_resource.company_id
            resource = connection_resource[0].resource
            model = self._person_env(company)[self._target_model(resource)]
            batch = model._procurify_batch(connection_resource.sudo())
            targets = model._procurify_create_missing(batch, edits or {})
            for record, target in targets.items():
                record.sudo(False).write({"res_id": target.id})
                created[record.sudo(False)] = target
        return created

    def _values_to_create(self):
        """Return ({record: values of its Odoo record}, {record: why it has none})."""
        values, problems = {}, {}
        for records in self.grouped(lambda r: (r.connection_id, r.resource)).values():
            model = self._person_env(records.company_id)[
                self._target_model(records[0].resource)
            ]
            try:
                values |= records._values_of(model)
            except UserError:
                # One of them says nothing: the others are asked by themselves.
                for record in records:
                    try:
                        values |= record._values_of(model)
                    except UserError as error:
                        problems[record] = str(error)
        return values, problems

    def _values_of(self, model):
        """Return {record: values of its new Odoo record}.

        :raises UserError: something that only a person knows is missing
        """
        batch = model._procurify_batch(self.sudo())
        found = model._procurify_create_values(batch)
        return {record.sudo(False): values for record, values in found.items()}
