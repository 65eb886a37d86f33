"""The contract of an Odoo model into which Procurify's objects are imported."""

from odoo import api, fields, models
from odoo.fields import Domain

from ...importers.issues import UNKNOWN_CODES, Hold
from ...importers.meant import MeantWords


class ProcurifyImportMixin(models.AbstractModel):
    """A model names its resources and says how it finds, checks and makes a record.

    All methods run as the integration user: what that user may not see is not
    found. They take whole batches and never search inside a loop.
    """

    _name = "procurify.import.mixin"
    _inherit = "procurify.document.tab"
    _description = "Procurify Import"

    _procurify_resources = ()

    procurify_record_ids = fields.One2many(
        "procurify.record",
        "res_id",
        string="In Procurify",
        domain=lambda self: [("res_model", "=", self._name)],
        groups="procurify_connector.group_user",
        copy=False,
    )

    # === CONTRACT === #

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

        The nightly comparison asks for each of them, however old it is.
        """
        return set(res_ids)

    # === HELPERS === #

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
        for draft in linked:
            if hold := unusable.get(draft.record):
                draft.hold_once(hold)
            else:
                draft.link(draft.record.res_id, "remembered")

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
