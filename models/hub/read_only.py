"""Records of a remote Odoo are not changed here, and say so on their forms."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...tools.local_kinds import MIRRORED
from ...tools.private import writes_shadows

# Fields that people may always change. A message to somebody makes the token.
_FREE = ("message_", "activity_", "access_token")


class ProcurifyMirrored(models.AbstractModel):
    """For Odoo's models of which records may come from a remote Odoo.

    Without any remote Odoo, nothing is asked of the database.
    """

    _name = "procurify.mirrored"
    _description = "Procurify Record of a Remote Odoo"

    procurify_is_mirrored = fields.Boolean(
        "Of a Remote Odoo", compute="_compute_procurify_is_mirrored"
    )

    # === COMPUTE METHODS === #

    def _compute_procurify_is_mirrored(self):
        mirrored = self._procurify_mirrored()
        for record in self:
            record.procurify_is_mirrored = record in mirrored

    # === CRUD METHODS === #

    def write(self, vals):
        is_free = self.env.su or writes_shadows()
        if not is_free and not MIRRORED[self._name].isdisjoint(vals):
            self._procurify_check_mirrored()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_mirrored(self):
        if not self.env.su:
            self._procurify_check_mirrored()

    # === BUSINESS METHODS === #

    def _procurify_mirrored(self):
        """Return those of these records that come from a remote Odoo."""
        if not self.env["procurify.target"]._hub_companies():
            return self.browse()
        records = self._procurify_mirrored_as()
        rows = self.env["procurify.mirror"].sudo()
        found = rows.search_fetch(
            Domain("res_model", "=", records._name)
            & Domain("res_id", "in", records.ids),
            ["res_id"],
        )
        ids = set(found.mapped("res_id"))
        return self.filtered(
            lambda record: not ids.isdisjoint(record._procurify_mirrored_as().ids)
        )

    def _procurify_mirrored_as(self):
        """Return the records that are themselves those of the remote Odoo."""
        return self

    def _procurify_check_mirrored(self):
        """Refuse a change of what comes from a remote Odoo.

        :raises UserError: naming the records
        """
        if mirrored := self._procurify_mirrored():
            names = mirrored.sudo()[:5].mapped("display_name")
            raise UserError(
                self.env._(
                    "%(names)s: this comes from the remote Odoo. Change it there; it "
                    "is read again within 15 minutes.",
                    names=", ".join(names),
                )
            )


class ProcurifyShadow(models.AbstractModel):
    """For Odoo's documents that may stand for those of a remote Odoo.

    Their own ``write`` asks first: Odoo's adds values of its own before it comes here.
    """

    _name = "procurify.shadow"
    _description = "Procurify Document of a Remote Odoo"

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shadow(self):
        self._procurify_check_shadow({"state"})

    # === BUSINESS METHODS === #

    def _procurify_check_shadow(self, names, lines=None):
        """Refuse people's changes of what stands for a document of a remote Odoo.

        The next comparison would undo them there, or overwrite what is there. Messages
        and activities are free, and so is what Odoo does not keep: it marks records by
        such fields also where nothing of a document changes.

        :param names: of the fields that change
        :param lines: whose fields these are, if not the documents' own
        :raises UserError: naming the document
        """
        if writes_shadows():
            return
        fields = (self if lines is None else lines)._fields
        if not any(
            name not in fields or fields[name].store or fields[name].inverse
            for name in names
            if not name.startswith(_FREE)
        ):
            return
        companies = self.env["procurify.target"]._hub_companies()
        if not companies or companies.isdisjoint(self.company_id.ids):
            return
        if sent := self.env["procurify.dispatch"]._of(self._name, self.ids):
            document = self.browse(next(iter(sent)))
            raise UserError(
                self.env._(
                    "%(name)s stands for a document of the remote Odoo %(target)s. "
                    "Change it there.",
                    name=document.display_name,
                    target=sent[document.id].target_id.name,
                )
            )
