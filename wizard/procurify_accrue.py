"""Proposing the entry that accrues what was received and is not billed."""

from collections import defaultdict
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_date, formatLang

from ..procurify.arithmetic import split


class ProcurifyAccrue(models.TransientModel):
    """Makes two entries, both drafts: the accrual, and its reversal on the first day of
    the next month. They are made with the user's own rights; a person posts them.

    What already has an accrual is skipped: each journal item says what it accrues.
    """

    _name = "procurify.accrue"
    _description = "Procurify Accrual"
    _check_company_auto = True

    connection_id = fields.Many2one(
        "procurify.connection", required=True, default=lambda self: self._default()
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('id', 'child_of', connection_company_id)]",
    )
    connection_company_id = fields.Many2one(
        related="connection_id.company_id", string="Company of the Connection"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        "As of", required=True, default=lambda self: self._default_date()
    )
    reversal_date = fields.Date(
        required=True,
        compute="_compute_reversal_date",
        store=True,
        readonly=False,
        precompute=True,
        help="The first day of the next month.",
    )
    with_bills = fields.Boolean(
        "Include Bills on Hold",
        help="Lines of bills on hold that are for no order. What is for an order "
        "counts by what was received of it.",
    )
    journal_id = fields.Many2one(
        "account.journal",
        required=True,
        check_company=True,
        domain="[('type', '=', 'general')]",
        compute="_compute_journal_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    account_id = fields.Many2one(
        "account.account",
        "Accrual Account",
        check_company=True,
        domain="[('account_type', '=', 'liability_current')]",
        compute="_compute_account_id",
        store=True,
        readonly=False,
        precompute=True,
        help="The liability for what is not billed yet. That of the last accrual is "
        "proposed.",
    )
    fallback_account_id = fields.Many2one(
        "account.account",
        "Account of Lines Without One",
        check_company=True,
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost'))]",
        help="For account codes that are not mapped.",
    )
    unmapped_count = fields.Integer(compute="_compute_preview")
    amount = fields.Monetary("To Accrue", compute="_compute_preview")
    preview = fields.Html(compute="_compute_preview", sanitize=False)

    # === COMPUTE METHODS === #

    @api.constrains("connection_id", "company_id")
    @api.onchange("connection_id", "company_id")
    def _check_access_to_connection(self):
        # The mere name of a connection or company says something about it.
        for wizard in self:
            wizard.connection_id._origin.sudo(False).check_access("read")
            wizard.company_id._origin.sudo(False).check_access("read")

    @api.model
    def _default(self):
        return self.env["procurify.connection"].search([], limit=1)

    @api.model
    def _default_date(self):
        day = fields.Date.to_date(self.env.context.get("procurify_as_of"))
        first = fields.Date.context_today(self).replace(day=1)
        return day or first - relativedelta(days=1)

    @api.depends("connection_id")
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = wizard.connection_id.company_id

    @api.depends("date")
    def _compute_reversal_date(self):
        for wizard in self:
            if day := wizard.date:
                wizard.reversal_date = day.replace(day=1) + relativedelta(months=1)

    @api.depends("company_id")
    def _compute_journal_id(self):
        journals = self.env["account.journal"]
        for wizard in self:
            company = wizard.company_id._origin
            domain = Domain(journals._check_company_domain(company))
            general = domain & Domain("type", "=", "general")
            last = self._last_item(company)
            wizard.journal_id = last.journal_id or journals.search(general, limit=1)

    @api.depends("company_id")
    def _compute_account_id(self):
        for wizard in self:
            last = self._last_item(wizard.company_id._origin)
            wizard.account_id = last.move_id.line_ids.filtered(
                lambda item: item.account_id.account_type == "liability_current"
            )[:1].account_id

    @api.model
    def _last_item(self, company):
        """Return the newest journal item of an accrual of a company."""
        return self.env["account.move.line"].search(
            Domain("company_id", "=", company.id)
            & Domain("procurify_accrual_key", "!=", False),
            order="id desc",
            limit=1,
        )

    @api.depends("date", "connection_id", "company_id", "with_bills")
    @api.depends_context("lang", "uid")
    def _compute_preview(self):
        for wizard in self:
            rows = wizard._accruals()._read_group(
                wizard._domain(),
                ["account_id", "department_id"],
                ["open_amount:sum", "document_count:sum"],
            )
            wizard.amount = sum(row[2] or 0 for row in rows)
            wizard.unmapped_count = sum(row[3] for row in rows if not row[0])
            wizard.preview = wizard._preview_table(rows)

    def _preview_table(self, rows):
        """Return the amounts by account and department as a table."""
        if not rows:
            return Markup("<p>%s</p>") % self.env._("There is nothing to accrue.")
        row = Markup("<tr><td>%s</td><td>%s</td><td class='text-end'>%s</td></tr>")
        texts = [
            row
            % (
                account.display_name or self.env._("No account"),
                department.display_name or self.env._("No department"),
                formatLang(self.env, amount, currency_obj=self.currency_id),
            )
            for account, department, amount, _count in rows
        ]
        return Markup(
            "<table class='table table-sm'><thead><tr><th>%s</th><th>%s</th>"
            "<th class='text-end'>%s</th></tr></thead><tbody>%s</tbody></table>"
        ) % (
            self.env._("Account"),
            self.env._("Department"),
            self.env._("Amount"),
            Markup().join(texts),
        )

    # === WHAT TO ACCRUE === #

    def _accruals(self):
        """Return the model of what can be accrued, as of the day."""
        day = fields.Date.to_string(self.date or fields.Date.context_today(self))
        accruals = self.env["procurify.accrual"]
        # A row of another day has the same id.
        accruals.invalidate_model(flush=False)
        return accruals.with_context(procurify_as_of=day)

    def _domain(self):
        """Return the Domain of the lines that have no accrual yet."""
        kinds = ("receipt", "bill") if self.with_bills else ("receipt",)
        return (
            Domain("connection_id", "=", self.connection_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("kind", "in", kinds)
            & Domain("open_amount", "!=", 0)
        )

    # === ACTION METHODS === #

    def action_open_lines(self):
        """Show the lines as of the day."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_accrual_action"
        )
        day = fields.Date.to_string(self.date)
        context = {"procurify_as_of": day, "group_by": ["currency"]}
        return action | {"domain": list(self._domain()), "context": context}

    def action_accrue(self):
        """Make the accrual and its reversal as drafts, and open them.

        :raises UserError: there is nothing to accrue, or an account is missing
        :raises AccessError: the user may not make journal entries
        """
        self.ensure_one()
        self._check_dates()
        self._exclude_others()
        rows = self._accruals().search(self._domain(), order="key, id")
        if not rows:
            raise UserError(self.env._("There is nothing to accrue."))
        self._check_accounts(rows)
        moves = self.env["account.move"].with_company(self.company_id)
        accrual = moves.create(self._prepare_entry(rows))
        reference = self.env._("Reversal of: %s", accrual.ref)
        values = {"ref": reference, "date": self.reversal_date, "name": False}
        reversal = accrual._reverse_moves([values])
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Accrual and reversal"),
            "res_model": "account.move",
            "views": [
                (self.env.ref("account.view_move_tree").id, "list"),
                (False, "form"),
            ],
            "domain": [("id", "in", (accrual | reversal).ids)],
        }

    def _check_dates(self):
        if self.reversal_date <= self.date:
            raise UserError(self.env._("The reversal must be after the accrual."))

    def _check_accounts(self, rows):
        if not self.account_id:
            raise UserError(self.env._("Choose the account of the accrual."))
        if not self.fallback_account_id and any(not row.account_id for row in rows):
            raise UserError(
                self.env._(
                    "Some account codes are not mapped. Map them, or choose the "
                    "account of lines without one."
                )
            )

    def _exclude_others(self):
        """Let only one person at a time accrue for this connection.

        The second one starts again, and then sees what the first one made.
        """
        self.connection_id.check_access("read")
        self.env.cr.execute(
            SQL(
                "UPDATE procurify_connection SET write_date = write_date WHERE id = %s",
                self.connection_id.id,
            )
        )

    # === ENTRY === #

    def _prepare_entry(self, rows):
        """Return the values of the accrual: an item per line and place, and the
        liability per currency."""
        items, liabilities = [], defaultdict(lambda: [0.0, 0.0])
        places = self._analytic_accounts(rows.department_id | rows.location_id)
        rates = self._rates(rows.currency_id)
        for row, amount in self._amounts(rows).items():
            balance = self.currency_id.round(amount * rates[row.currency_id])
            item = self._prepare_item(row, amount, balance, places)
            items.append(Command.create(item))
            liabilities[row.currency_id][0] += item["amount_currency"]
            liabilities[row.currency_id][1] += item["balance"]
        text = self.env._(
            "Accrual as of %(date)s", date=format_date(self.env, self.date)
        )
        items += [
            Command.create(
                {
                    "name": text,
                    "account_id": self.account_id.id,
                    "currency_id": currency.id,
                    "amount_currency": -currency.round(amount),
                    "balance": -self.currency_id.round(balance),
                }
            )
            for currency, (amount, balance) in liabilities.items()
        ]
        return {
            "move_type": "entry",
            "ref": text,
            "journal_id": self.journal_id.id,
            "date": self.date,
            "line_ids": items,
        }

    def _amounts(self, rows):
        """Return {row: amount in its own currency}; the rows of a line add up to it."""
        found = {}
        for mine in rows.grouped("key").values():
            currency = mine[0].currency_id
            cent = Decimal(1).scaleb(-currency.decimal_places)
            parts = [Decimal(str(row.open_original)) for row in mine]
            total = sum(parts, Decimal(0)).quantize(cent)
            for row, part in zip(mine, split(total, parts, cent), strict=True):
                if part:
                    found[row] = float(part)
        return found

    def _rates(self, currencies):
        """Return {currency: its rate to the company's on the day}."""
        return {
            currency: currency._get_conversion_rate(
                currency, self.currency_id, self.company_id, self.date
            )
            for currency in currencies
        }

    def _prepare_item(self, row, amount, balance, places):
        return {
            "name": f"{row.document}: {row.name}",
            "partner_id": row.line_id.order_id.partner_id.commercial_partner_id.id,
            "account_id": (row.account_id or self.fallback_account_id).id,
            "currency_id": row.currency_id.id,
            "amount_currency": amount,
            "balance": balance,
            "analytic_distribution": self._distribution(row, places),
            "procurify_accrual_key": row.key,
        }

    def _analytic_accounts(self, places):
        """Return {department or location: the analytic account it is mapped to}."""
        mapped = places.sudo().filtered(lambda p: p.res_id and p.state == "done")
        accounts = self.env["account.analytic.account"].browse(mapped.mapped("res_id"))
        existing = {account.id: account for account in accounts.exists()}
        found = {place.sudo(False): existing.get(place.res_id) for place in mapped}
        return {place: account for place, account in found.items() if account}

    @staticmethod
    def _distribution(row, places):
        """Return the analytic accounts of a row's department and location, one of a
        plan at most."""
        accounts = {}
        for place in (row.department_id, row.location_id):
            if account := places.get(place):
                accounts.setdefault(account.root_plan_id, account)
        key = ",".join(str(account.id) for account in accounts.values())
        return {key: 100.0} if key else False
