"""What Procurify changed about a vendor, offered to people: nothing is overwritten."""

from collections import defaultdict

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command, Domain

from ..importers.draft import ImportBatch
from ..importers.matching.names import normalise

_SAID = "said"  # in applied_state: what Procurify said when it was last dealt with
_OFFERED = "offered"  # what the last note on the contact was about
_TAG = "procurify_connector.partner_category_1099"


class ResPartner(models.Model):
    """What is offered is what Procurify changed since, and the contact has otherwise.

    What Procurify does not say is never offered.
    """

    _inherit = "res.partner"

    procurify_offers = fields.Html(
        "Changed in Procurify",
        compute="_compute_procurify_offers",
        groups="procurify_connector.group_user",
        sanitize=False,
    )
    has_procurify_offers = fields.Boolean(
        compute="_compute_procurify_offers",
        search="_search_has_procurify_offers",
        groups="procurify_connector.group_user",
    )

    # === COMPUTE METHODS === #

    @api.depends("procurify_record_ids")
    def _compute_procurify_offers(self):
        found = self._procurify_offers()
        for partner in self:
            rows = [
                partner._procurify_offer_row(record, name, value)
                for record in partner.procurify_record_ids.sudo()
                for name, value in found.get(record, {}).items()
            ]
            partner.has_procurify_offers = bool(rows)
            partner.procurify_offers = bool(rows) and (
                Markup("<table class='table table-sm mb-0'><tbody>%s</tbody></table>")
                % Markup("").join(rows)
            )

    @api.model
    def _search_has_procurify_offers(self, operator, value):
        """Search contacts of vendors of whom something is offered."""
        if operator != "in":
            return NotImplemented
        linked = self.search(Domain("id", "in", self._procurify_linked_ids()))
        offers = linked._procurify_offers()
        ids = {record.res_id for record, news in offers.items() if news}
        offered = Domain("id", "in", list(ids))
        wanted = {bool(each) for each in value}
        if len(wanted) == 2:
            return Domain.TRUE
        return offered if True in wanted else ~offered

    def _procurify_offer_row(self, record, name, value):
        own = self._procurify_of(record)._procurify_present(name)
        own = self._procurify_shown(name, own)
        row = Markup("<tr><th scope='row'>%s</th><td>%s</td><td>%s</td></tr>")
        theirs = self._procurify_shown(name, value)
        return row % (self._procurify_label(name), own, theirs)

    # === IMPORT === #

    @api.model
    def _procurify_stage_terms(self, batch):
        """Stage the payment terms that vendors name, as documents do."""
        terms = [draft.payload.payment_term for draft in batch.open if draft.payload]
        mentioned = {
            ("payment_term", term.external_id): (term.to_json(), term)
            for term in terms
            if term
        }
        if mentioned:
            batch.records._resolve(batch.connection, mentioned)

    @api.model
    def _procurify_offer(self, batch):
        """Say on contacts what Procurify changed about them, once for each change."""
        looked_at = [draft for draft in batch.linked if draft.payload is not None]
        states = {draft: self._procurify_state(draft) for draft in looked_at}
        facts = self._procurify_facts_said(
            [draft for draft, state in states.items() if _is_news(draft.record, state)]
        )
        bodies = defaultdict(list)
        partners = self.browse(draft.target_id for draft in facts)
        for (draft, said), partner in zip(facts.items(), partners, strict=True):
            state = states[draft]
            before = state.get(_SAID, said)
            news = partner._procurify_news(said, before)
            if news and news != state.get(_OFFERED):
                bodies[partner.id].append(partner._procurify_note(news))
            said = said | {name: before.get(name) for name in news}
            noted = state | {_SAID: said, _OFFERED: news}
            if noted != state:
                draft.link(draft.target_id, draft.origin, written=noted)
        self.browse(bodies)._message_log_batch(
            bodies={number: " ".join(notes) for number, notes in bodies.items()}
        )

    @api.model
    def _procurify_state(self, draft):
        return (
            draft.record.applied_state or {} if draft.written is None else draft.written
        )

    def _procurify_note(self, news):
        """Return what Procurify changed, as the text of a note."""
        return self.env._(
            "Procurify changed this vendor: %s. Nothing was changed here.",
            "; ".join(
                f"{self._procurify_label(name)}: {self._procurify_shown(name, value)}"
                for name, value in news.items()
            ),
        )

    # === FACTS === #

    @api.model
    def _procurify_facts_said(self, drafts):
        """Return {draft: what its vendor says, as JSON values}, without its name."""
        found = self._procurify_said_values(drafts) if drafts else {}
        return {
            draft: {name: value for name, value in values.items() if name != "name"}
            | {"contact": draft.payload.contact, "is_1099": draft.payload.is_1099}
            for draft, values in found.items()
        }

    def _procurify_offers(self):
        """Return {record: {fact: value}} of what is offered for these contacts."""
        records = self.procurify_record_ids.sudo().filtered(
            lambda record: _SAID in (record.applied_state or {})
        )
        offers = {}
        for connection, mine in records.grouped("connection_id").items():
            partners = self.sudo().with_company(connection.company_id)
            for draft, said in partners._procurify_readable_facts(mine).items():
                partner = partners.browse(draft.record.res_id)
                before = draft.record.applied_state[_SAID]
                offers[draft.record] = partner._procurify_news(said, before)
        return offers

    @api.model
    def _procurify_readable_facts(self, records):
        """Return ``_procurify_facts_said``; what cannot be read offers nothing."""
        batch = ImportBatch(records)
        records._parse(batch)
        return self._procurify_facts_said(
            [draft for draft in batch.drafts if not draft.holds]
        )

    def _procurify_news(self, said, before):
        """Return {fact: value} of what changed, and this contact has otherwise."""
        return {
            name: value
            for name, value in said.items()
            if value not in (None, False, "", before.get(name))
            and self._procurify_present(name, value) != value
        } | self._procurify_lost_mark(said, before)

    def _procurify_lost_mark(self, said, before):
        """Return the tax mark that Procurify took away, if this contact has it."""
        was, is_now = before.get("is_1099"), said.get("is_1099")
        lost = is_now is False and was and self._procurify_present("is_1099")
        return {"is_1099": False} if lost else {}

    def _procurify_present(self, name, value=None):
        """Return what this contact has of a fact, comparable with what is said.

        :param value: what Procurify says: a person of that name may be one of several
        """
        self.ensure_one()
        if name == "is_1099":
            tag = self.env.ref(_TAG, raise_if_not_found=False)
            return bool(tag) and tag in self.category_id
        if name == "contact":
            people = (self | self.child_ids).mapped("name")
            known = {normalise(person or "") for person in people}
            return value if normalise(value or "") in known else ""
        return self._fields[name].convert_to_write(self[name], self)

    def _procurify_shown(self, name, value):
        """Return a fact's value as people read it."""
        if name == "is_1099":
            return self.env._("Yes") if value else self.env._("No")
        if name in self._fields and self._fields[name].relational:
            record = self.env[self._fields[name].comodel_name].browse(value)
            return record.display_name or ""
        return value or ""

    @api.model
    def _procurify_label(self, name):
        if name == "is_1099":
            return self.env._("1099 eligible")
        if name == "contact":
            return self.env._("Contact person")
        return self._fields[name]._description_string(self.env)

    @api.model
    def _procurify_written(self, facts):
        """Return what writes or creates these facts, as the ORM takes it."""
        values = {k: v for k, v in facts.items() if k in self._fields}
        if contact := facts.get("contact"):
            person = {"name": contact, "type": "contact"}
            values["child_ids"] = [Command.create(person)]
        tag = self.env.ref(_TAG, raise_if_not_found=False)
        if tag and facts.get("is_1099") is not None:
            mark = Command.link if facts["is_1099"] else Command.unlink
            values["category_id"] = [mark(tag.id)]
        return values

    # === ACTION METHODS === #

    def action_procurify_take_over(self):
        """Write on this contact what Procurify changed, each for its own company.

        What two vendors say differently stays offered.
        """
        offers = self._procurify_agreed(self._procurify_open_offers())
        decided = self._procurify_in_words(offers)
        taken = set()
        for record, news in offers.items():
            partner = self._procurify_of(record)
            missing = {
                name: value
                for name, value in news.items()
                if partner._procurify_present(name, value) != value
            }
            partner.write(partner._procurify_written(missing))
            taken |= news.keys()
        self._procurify_close(offers)
        text = self.env._("Taken over from Procurify: %s.", len(taken))
        self.env["procurify.audit"]._log_offers("take_over", text, decided)
        return self.env["procurify.connection"]._notification("success", text)

    def action_procurify_keep(self):
        """Leave this contact as it is; what Procurify changes later is offered."""
        offers = self._procurify_open_offers()
        decided = self._procurify_in_words(offers)
        self._procurify_close(offers)
        text = self.env._("The contact stays as it is.")
        self.env["procurify.audit"]._log_offers("keep", text, decided)
        return self.env["procurify.connection"]._notification("info", text)

    def _procurify_in_words(self, offers):
        """Return {record: ({label: the contact's value}, {label: Procurify's})}."""
        words = {}
        for record, news in offers.items():
            partner = self._procurify_of(record)
            labels = {name: self._procurify_label(name) for name in news}
            own = {name: partner._procurify_present(name) for name in news}
            words[record] = tuple(
                {labels[n]: self._procurify_shown(n, v) for n, v in values.items()}
                for values in (own, news)
            )
        return {record: both for record, both in words.items() if both[1]}

    def _procurify_of(self, record):
        """Return this contact as the company of the vendor ``record`` has it."""
        return self.with_company(record.sudo().connection_id.company_id)

    def _procurify_agreed(self, offers):
        """Return those of ``offers`` that no other vendor of this contact contradicts.

        A contact may have several contact persons. What Odoo keeps for each company
        is contradicted only by a vendor of the same company.
        """
        places = defaultdict(list)
        for record, news in offers.items():
            for name, value in news.items():
                places[self._procurify_place(record, name)].append(value)
        return {
            record: {
                name: value
                for name, value in news.items()
                if name == "contact"
                or all(v == value for v in places[self._procurify_place(record, name)])
            }
            for record, news in offers.items()
        }

    def _procurify_place(self, record, name):
        """Return what is the same for two facts that would overwrite each other."""
        if name in self._fields and self._fields[name].company_dependent:
            return name, record.sudo().connection_id.company_id
        return name, None

    def _procurify_open_offers(self):
        """Return the offers that this user decides about.

        :raises AccessError: the user is no reviewer, or may not change this contact
        """
        self.ensure_one()
        self.check_access("write")
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(self.env._("Only Procurify reviewers can decide this."))
        return self._procurify_offers()

    def _procurify_close(self, offers):
        """Note that a person decided about ``offers``."""
        for record, news in offers.items():
            state = record.applied_state
            # Lost marks among them: what is said counts from now on.
            record.applied_state = state | {_SAID: state[_SAID] | news, _OFFERED: {}}
        self.invalidate_recordset(["procurify_offers"])


def _is_news(record, state):
    """Return whether a vendor was never looked at, or not in this version."""
    return _SAID not in state or record.applied_digest != record.digest
