"""A remote Odoo whose backup was restored: what was sent since is not there any more.

Nothing is sent until a person says what happened. Deletions by people look alike, so
that a few missing documents count as deleted if nothing else says otherwise.
"""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...procurify_odoo.sending import search_read
from ...tools.own_values import write_each
from .mirror import is_loss
from .procurify_dispatch import MOVES, ORDER_LINES, ORDERS, PARTNERS, PRODUCTS

# So many of the newest ones are not, if none of the newest is left.
_NEWEST = 3


class ProcurifyTarget(models.Model):
    _inherit = "procurify.target"

    lost_count = fields.Integer(compute="_compute_lost_count")

    # === COMPUTE METHODS === #

    def _compute_lost_count(self):
        groups = self.env["procurify.dispatch"]._read_group(
            Domain("target_id", "in", self.ids) & Domain("lost", "!=", False),
            ["target_id"],
            ["__count"],
        )
        counts = dict(groups)
        for target in self:
            target.lost_count = counts.get(target, 0)

    # === BUSINESS METHODS === #

    def _find_restored(self, remote, found):
        """Write which documents a restored backup does not have, or has older.

        :param found: what the remote says of bills, and of orders, see
            ``_read_changes``
        :returns: what a person must know, or None
        """
        rows = self.env["procurify.dispatch"]
        gone = rows.union(*(each.gone for each in found))
        is_many = any(
            is_loss(len(each.gone) + len(each.hidden), len(each.rows)) for each in found
        )
        newest = sum(len(each.gone) for each in found if _is_newest(each))
        older, lost = rows.browse(), rows.browse()
        if gone or any(each.back for each in found):
            older = rows.union(*(self._older(remote, each) for each in found))
        if older or newest >= _NEWEST or (is_many and gone):
            lost = gone | self._lost_others(remote)
        self._mark_lost(lost, older)
        if lost or older:
            return self._explain_restored(len(lost), len(older))
        if not is_many:
            return None
        return self.env._(
            "The API user may not see %(count)s documents any more that were sent. "
            "Nothing was changed here, and nothing is sent.",
            count=sum(len(each.hidden) for each in found),
        )

    def _older(self, remote, found):
        """Return the rows whose documents were changed last before we knew it."""
        rows = found.rows - found.gone - found.hidden
        if not rows:
            return rows
        domain = [("id", "in", rows.mapped("remote_id"))]
        names = ("write_date",)
        there = search_read(remote, rows[0].res_model, domain, names, self._there())
        stamps = {document["id"]: document["write_date"] for document in there}
        return rows.filtered(
            lambda row: stamps.get(row.remote_id, "~") < (row.remote_written_at or "")
        )

    def _lost_others(self, remote):
        """Return the rows of vendors, files and so on that are not there."""
        rows = self.env["procurify.dispatch"].search(
            Domain("target_id", "=", self.id)
            & Domain("res_model", "not in", (MOVES, ORDER_LINES))
            & Domain("remote_id", "!=", 0)
            & (
                Domain("res_model", "!=", ORDERS)
                | Domain("remote_state", "!=", "deleted")
            )
        )
        there = [
            self._still_there(remote, mine)
            for mine in rows.grouped("res_model").values()
        ]
        return rows - rows.browse().union(*there)

    def _mark_lost(self, lost, older):
        """Write on the rows what became of them, where it differs."""
        known = self.env["procurify.dispatch"].search(
            Domain("target_id", "=", self.id) & Domain("lost", "!=", False)
        )
        wanted = dict.fromkeys(known, False)
        wanted |= dict.fromkeys(lost, "gone") | dict.fromkeys(older, "older")
        write_each({row: {"lost": v} for row, v in wanted.items() if row.lost != v})

    def _explain_restored(self, lost, older):
        return self.env._(
            "A backup of the remote Odoo seems to be restored: %(lost)s documents that "
            "were sent are not there any more, and %(older)s are older than before. "
            "Nothing is sent until you choose: send them again, or take them "
            "for deleted.",
            lost=lost,
            older=older,
        )

    # === ACTION METHODS === #

    def action_send_again(self):
        """Send again what a restored backup does not have, or has older.

        The master data is read again first: ids may stand for other records now.

        :returns: a notification
        :raises UserError: nothing is missing
        """
        lost, older = self._check_lost()
        vendors = lost.filtered(lambda row: row.res_model == PARTNERS)
        mirror = self.env["procurify.mirror"].sudo()
        products = lost.filtered(lambda row: row.res_model == PRODUCTS)
        for kind, rows in (("partner", vendors), ("product", products)):
            mirror.search(
                Domain("target_id", "=", self.id)
                & Domain("kind", "=", kind)
                & Domain("remote_id", "in", rows.mapped("remote_id"))
            ).unlink()
        self._forget_lines(lost, older)
        never_sent = {
            "remote_id": 0,
            "remote_name": False,
            "remote_state": False,
            "remote_payment": False,
            "remote_written_at": False,
            "sent_at": False,
            "sent_image": False,
            "created_there": False,
            "remote_created_at": False,
            "is_edited": False,
            "state": "to_send",
            "is_due": True,
            "lost": False,
            "message": False,
        }
        to_overwrite = {
            "is_due": True,
            "is_decided": True,
            "decided_on": False,
            "remote_written_at": False,
            "lost": False,
        }
        for rows, values in ((lost, never_sent), (older, to_overwrite)):
            posted = rows.filtered(lambda row: row.remote_state == "posted")
            posted.is_to_post = True
            rows.write(values)
        self.sudo()._read_all_again()
        self.sudo()._send_soon()
        return self._log_lost(self.env._("Sent again"), lost | older)

    def action_take_for_deleted(self):
        """Take for deleted what is not there, as where people deleted it.

        :returns: a notification
        :raises UserError: nothing is missing
        """
        lost, older = self._check_lost()
        (lost | older).write({"lost": False})
        older.write({"remote_written_at": False})
        self.sudo()._note_gone(lost.filtered(lambda row: row.res_model == MOVES))
        self.sudo()._note_orders_gone(
            lost.filtered(lambda row: row.res_model == ORDERS)
        )
        self.sudo()._read_all_again()
        return self._log_lost(self.env._("Taken for deleted"), lost | older)

    def action_open_lost(self):
        """Return the action that shows what is missing or older there."""
        action = self.action_open_dispatches()
        return action | {"context": {"search_default_lost": 1}}

    def _check_lost(self):
        """Return the rows that are not there, and those that are older.

        :raises UserError: there are none
        """
        self.ensure_one()
        self.check_access("write")
        rows = self.env["procurify.dispatch"].sudo()
        rows = rows.search(
            Domain("target_id", "=", self.id) & Domain("lost", "!=", False)
        )
        if not rows:
            raise UserError(self.env._("Nothing is missing in the remote Odoo."))
        lost = rows.filtered(lambda row: row.lost == "gone")
        return lost, rows - lost

    def _forget_lines(self, lost, older):
        """Forget which lines of orders are there: they are looked for again.

        Of older orders, lines that were sent since may be other people's lines now.
        """
        is_order = Domain("res_model", "=", ORDERS)
        orders = (lost | older).filtered_domain(is_order)
        here = self.env[ORDERS].browse(orders.mapped("res_id")).exists()
        owners = {line.id: line.order_id.id for line in here.order_line}
        rows = self.env["procurify.dispatch"]._of(ORDER_LINES, list(owners))
        gone = set(lost.filtered_domain(is_order).mapped("res_id"))
        write_each(
            {
                row: {"remote_id": 0, "created_there": False}
                for id_, row in rows.items()
                if owners[id_] in gone or not row.created_there
            }
        )

    def _read_all_again(self):
        """Let all of the remote be read again: it is another one than before."""
        state = (self.mirror_state or {}) | {"newest": {}, "read_at": {}}
        self.write(
            {
                "pulled_until": False,
                "mirror_state": state,
                "compared_at": False,
                "error_message": False,
            }
        )

    def _log_lost(self, reason, rows):
        """Write what a person chose for these rows, and return a notification."""
        self.env["procurify.audit"]._log_records(
            "policy_changed",
            rows.connection_id,
            after={"documents": len(rows)},
            reason=f"{self.name}: {reason}",
        )
        return self._notification("success", f"{reason}: {len(rows)}")


def _is_newest(found):
    """Return whether just the newest documents of a model are gone."""
    first = min(found.gone.mapped("remote_id"), default=0)
    since = found.rows.filtered(lambda row: row.remote_id >= first)
    return since == found.gone
