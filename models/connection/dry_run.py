"""The dry run of a connection: for its page, and as plain data."""

import time

from odoo import fields, models

ITEMS_TOLD = 1000  # journal items in the answer; all of them are rows


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    dry_run_id = fields.Many2one(
        "procurify.dry.run",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    # === ACTION METHODS === #

    def action_dry_run(self):
        """Begin a dry run of everything that is staged; nothing of it stays in Odoo.

        :raises AccessError: the user is no administrator of the connector
        """
        self._start_dry_run("all")

    def action_dry_run_master_data(self):
        """Begin a dry run of the master data only: what would not be mapped.

        :raises AccessError: the user is no administrator of the connector
        """
        self._start_dry_run("master")

    def _start_dry_run(self, scope):
        """Return a new dry run, which takes the place of the one before."""
        self.ensure_one()
        self._check_administrator()
        self.env["procurify.dry.run"].sudo().search(
            [("connection_id", "=", self.id)]
        ).unlink()
        dry_run = (
            self.env["procurify.dry.run"]
            .sudo()
            .create({"connection_id": self.id, "scope": scope})
        )
        dry_run._start()
        self.sudo().dry_run_id = dry_run
        return dry_run

    # === AS PLAIN DATA === #

    def _dry_run(self, items=ITEMS_TOLD):
        """Try everything that is staged, to its end.

        :param items: how many journal items are told
        :returns: a dict that JSON takes; amounts are texts per currency::

            {"dry_run_id", "records",
             "booked": [{"resource", "origin", "count", "amounts"}],
             "held": [{"code", "key", "message", "advice", "documents", "records",
                       "amounts"}], those that hold up most first,
             "excluded": [{"resource", "rule", "count"}],
             "waiting": int,
             "missing_mappings": [{"resource", "external_id", "name", "documents",
                                   "suggestion"}], in the same order,
             "duplicates": [{"name", "party", "amount", "currency", "message"}],
             "journal_items": [{"document", "date", "account_code", "account",
                                "label", "balance", "amount_currency", "currency",
                                "cost_centres", "taxes"}],
             "journal_item_count": int}

        :raises AccessError: the user is no administrator of the connector
        """
        dry_run = self._start_dry_run("all")
        while dry_run.state == "running":
            dry_run._step(time.monotonic() + 60)
        return dry_run._as_data(items)
