"""What was spent with vendors, by account, department, location and requester."""

from collections import defaultdict
from math import fsum

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import spend_table
from ..tools.spent_items import converted


class ProcurifySpend(models.Model):
    """A row is the share of a bill's journal item that a department bears.

    The rows of an item add up to its balance: sums per account are those of the general
    ledger. Credit notes are negative.
    """

    _name = "procurify.spend"
    _inherit = "procurify.borne"
    _description = "Spend"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "move_id"

    date = fields.Date("Accounting Date", readonly=True)
    invoice_date = fields.Date("Bill Date", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT spent.id, spent.move_id, spent.move_type, spent.state,
                   spent.company_id,
                   %(company_currency)s AS company_currency_id,
                   spent.currency_id, spent.partner_id, spent.date,
                   spent.invoice_date, spent.account_id, spent.product_id,
                   spent.department_id, spent.location_id,
                   spent.is_from_procurify, spent.requester,
                   %(amount)s AS amount,
                   spent.original_amount
              FROM procurify_spend spent
            """,
            company_currency=self.env.company.currency_id.id,
            amount=converted(self.env, SQL("spent.amount"), SQL("spent.company_id")),
        )

    def init(self):
        self.pool.post_init(self._make_table)

    def _make_table(self):
        spend_table.create(self.env.cr)
        spend_table.bring_up_to_date(self.env.cr)

    @api.model
    def _bring_up_to_date(self):
        """Let the table have what the ledger has."""
        self.env.flush_all()
        if spend_table.bring_up_to_date(self.env.cr):
            for name in ("procurify.spend", "procurify.payable"):
                self.env[name].invalidate_model(flush=False)

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        """Add up the sums of the finest groups for the coarser ones.

        PostgreSQL adds all items up again for each set, in one process, and joins what
        it sorts by to each item.
        """
        names = list(dict.fromkeys(name for each in grouping_sets for name in each))
        finest = any(set(each) == set(names) for each in grouping_sets)
        can_add = all(each == "__count" or each.endswith(":sum") for each in aggregates)
        usual = order == ", ".join(names)
        groups = names and finest and can_add and usual
        groups = groups and self._read_group(domain, names, aggregates)
        if not groups:
            return super()._read_grouping_sets(domain, grouping_sets, aggregates, order)
        ranks = [self._ranks({g[at] for g in groups}) for at in range(len(names))]
        found = []
        for each in grouping_sets:
            places = [names.index(name) for name in each]
            added = _added_up(groups, places, len(names))
            added.sort(key=lambda g: [ranks[p][v] for p, v in zip(places, g)])  # noqa: B023,B905
            found.append(added)
        return found

    @api.model
    def _ranks(self, values):
        """Return {value: its place}, as PostgreSQL sorts keys of groups."""
        known = [value for value in values if value]
        if known and isinstance(known[0], models.BaseModel):
            records = known[0].sudo().with_context(active_test=False)
            known = records.search([("id", "in", [record.id for record in known])])
        elif known and isinstance(known[0], str):
            sort = SQL("SELECT each FROM unnest(%s) each ORDER BY each", known)
            known = [value for (value,) in self.env.execute_query(sort)]
        else:
            known.sort()
        places = {value: place for place, value in enumerate(known)}
        return {value: places.get(value, len(places)) for value in values}

    @api.autovacuum
    def _gc_due(self):
        """Keep the list of what is due short where nobody reads the table."""
        self._bring_up_to_date()


def _added_up(groups, places, width):
    """Return the groups of the keys at ``places``, with their sums.

    :param groups: tuples of ``width`` keys, and of sums
    """
    parts = defaultdict(list)
    for group in groups:
        parts[tuple(group[place] for place in places)].append(group[width:])
    return [
        key
        + tuple(
            fsum(sums) if isinstance(sums[0], float) else sum(sums)
            for sums in zip(*rows, strict=True)
        )
        for key, rows in parts.items()
    ]
