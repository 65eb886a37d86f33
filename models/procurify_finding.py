"""What was learned of a tenant from what it sent: one row per question."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tools import SQL

from ..procurify.findings import QUESTIONS, STOPS_POSTING
from ..tools.findings_table import SHOWN, SHOWS

# Columns of the record with an answer to one question: the resources that have it.
_COLUMNS = {
    "bill_rate": ("rate_finding", ("bill",)),
    "order_rate": ("rate_finding", ("purchase_order",)),
    "date_time_of_day": ("date_finding", ("bill", "purchase_order")),
    "list_and_detail_dates": ("list_date_finding", ("bill", "purchase_order")),
}
_EXAMPLES = 3
_MANY = 1_000  # records that give an answer


class ProcurifyFinding(models.Model):
    """A row is one question about a tenant, answered from what was read.

    ``answer`` is the most frequent one that says something; one object that says
    otherwise than the import assumes is enough for the verdict *differs*. A question
    without an answer is a row as well.
    """

    _name = "procurify.finding"
    _inherit = "procurify.list"
    _description = "Procurify Finding"
    _auto = False
    _order = "connection_id, sequence, question"
    _depends = {"procurify.record": [*SHOWN], "procurify.stream": ["findings"]}
    _rec_name = "question"

    connection_id = fields.Many2one("procurify.connection", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    sequence = fields.Integer(readonly=True)
    question = fields.Selection(
        [
            ("bill_rate", "Which total of a bill does Procurify convert?"),
            ("order_rate", "Which total of an order does Procurify convert?"),
            ("rate_direction", "Which way does a currency's rate convert?"),
            ("date_time_of_day", "Do dates have a time of day?"),
            ("list_and_detail_dates", "Do lists and documents show the same dates?"),
            ("shipping_in_total", "Does the total of a bill contain shipping?"),
            ("allocations", "Do the parts of a line add up with or without tax?"),
            ("credit_sign", "What is negative on a credit?"),
            ("order_discount_on_bill", "How does an order's discount come to a bill?"),
            ("fixed_bill", "Does “Fix bill” give the bill another ID?"),
            ("deleted_bill", "What does Procurify send for a deleted bill?"),
            ("received_order", "Does receiving change an order's time of change?"),
            ("closed_orders", "Does the list of all orders show closed ones?"),
            ("inactive_codes", "Does the list of account codes show inactive ones?"),
            ("inactive_vendors", "Does the list of vendors show inactive ones?"),
            ("parent_codes", "How does an account code name its parent?"),
            ("undocumented_values", "Are there undocumented states or types?"),
            ("item_words", "Are the words for kinds of lines known?"),
            ("file_address", "What kind of address do files have?"),
            ("custom_fields", "Do lines have custom fields?"),
            ("packing_slips", "What are packing slips?"),
            ("page_size", "Do pages have the size that was requested?"),
            ("date_filter", "Are date filters obeyed?"),
            ("detail_key", "By which ID are documents found?"),
            ("allowed_methods", "What may these credentials do?"),
        ],
        readonly=True,
    )
    answer = fields.Selection(
        [
            ("gross", "With tax"),
            ("net", "Without tax"),
            ("net_with_shipping", "Without tax, with shipping"),
            ("all", "All totals are equal"),
            ("not_explained", "Not explained"),
            ("not_stated", "Not stated"),
            ("units_per_base", "Units for one of the base currency"),
            ("base_per_unit", "Base currency for one unit"),
            ("unclear", "Either is possible"),
            ("date_only", "Date only"),
            ("midnight", "Midnight"),
            ("time_of_day", "Another time of day"),
            ("same", "The same"),
            ("differs", "Different"),
            ("with_shipping", "With shipping"),
            ("without_shipping", "Without shipping"),
            ("neither", "Neither"),
            ("negative_price", "The price"),
            ("negative_quantity", "The quantity"),
            ("negative_amount", "Only the amount"),
            ("negative_line", "As a negative line"),
            ("positive_line", "As a positive line"),
            ("new_id", "Another ID"),
            ("same_id", "The same ID"),
            ("not_found", "Nothing (404)"),
            ("inactive", "The bill, not active"),
            ("bumped", "Yes"),
            ("not_bumped", "No"),
            ("listed", "They are in the list"),
            ("not_listed", "They are not in the list"),
            ("active", "Only active ones were seen"),
            ("id", "By number"),
            ("uuid", "By UUID"),
            ("object", "As an object"),
            ("none", "None"),
            ("present", "Yes, there are some"),
            ("documented", "All are documented"),
            ("undocumented", "Some are not documented"),
            ("known", "All are known"),
            ("other", "Some are not known"),
            ("relative", "Relative to the tenant"),
            ("absolute", "Another address"),
            ("signed", "A signed address"),
            ("files", "Files"),
            ("numbers", "Numbers"),
            ("granted", "As requested"),
            ("smaller", "Smaller"),
            ("obeyed", "Obeyed"),
            ("ignored", "Ignored"),
            ("misses_rows", "Obeyed, but rows are missed"),
            ("read_only", "Only read"),
            ("can_write", "Also write"),
        ],
        readonly=True,
    )
    count = fields.Integer(
        "Seen", readonly=True, aggregator=None, help="Objects with this answer."
    )
    total_count = fields.Integer(
        "Of", readonly=True, aggregator=None, help="Objects with any answer."
    )
    verdict = fields.Selection(
        [
            ("as_assumed", "As assumed"),
            ("differs", "Differs"),
            ("too_few", "Too few objects"),
        ],
        readonly=True,
    )
    is_confirmed = fields.Boolean(
        "Confirmed",
        compute="_compute_is_confirmed",
        help="A person has confirmed that this is right, although it differs.",
    )
    stops_posting = fields.Boolean(
        compute="_compute_is_confirmed",
        help="Bills in foreign currencies stay drafts until someone confirms this.",
    )
    example_ids = fields.Many2many(
        "procurify.record",
        string="Examples",
        compute="_compute_example_ids",
        help="The latest objects that say otherwise than the import assumes, if any "
        "do; else the latest that say so. Only what you may read.",
    )

    # === COMPUTE METHODS === #

    @api.depends("connection_id", "question", "verdict")
    def _compute_is_confirmed(self):
        for finding in self:
            confirmed = finding.connection_id.sudo().confirmed_findings or ()
            finding.is_confirmed = finding.question in confirmed
            finding.stops_posting = (
                finding.question in STOPS_POSTING
                and finding.verdict == "differs"
                and not finding.is_confirmed
            )

    @api.depends("connection_id", "question", "verdict")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_example_ids(self):
        found = defaultdict(list)
        queries = [finding._examples() for finding in self if finding.answer]
        if queries:
            self.env["procurify.record"].flush_model(SHOWN)
            for number, record_id in self.env.execute_query(
                SQL(" UNION ALL ").join(queries)
            ):
                found[number].append(record_id)
        ids = [i for mine in found.values() for i in mine]
        records = self.env["procurify.record"].browse(ids)
        readable = set(records._filtered_access("read").ids)
        for finding in self:
            mine = [i for i in found[finding.id] if i in readable]
            finding.example_ids = [Command.set(mine)]

    def _examples(self):
        """Return SQL for (id of this finding, id of a record), the latest first."""
        self.ensure_one()
        says, shown = self._says(self.question, self._wanted_answers())
        if self.question in _COLUMNS and self.count >= _MANY:
            # Few combinations have it, and most records of each.
            shown = SQL("SELECT DISTINCT findings_id FROM %s", self._shows(says))
        if shown:
            found = SQL(
                """
                (%(shown)s) shown CROSS JOIN LATERAL (
                    SELECT id FROM %(shows)s AND findings_id = shown.findings_id
                  ORDER BY id DESC LIMIT %(most)s) record
                """,
                shown=shown,
                shows=self._shows(says),
                most=_EXAMPLES,
            )
        else:
            found = SQL("(SELECT id FROM %s OFFSET 0) record", self._shows(says))
        return SQL(
            "(SELECT %s, record.id FROM %s ORDER BY record.id DESC LIMIT %s)",
            self.id,
            found,
            _EXAMPLES,
        )

    def _wanted_answers(self):
        """Return SQL of a comparison that holds for the answers of the examples."""
        if self.verdict == "differs":
            return self._is_other_answer(self.question)
        return SQL("= %s", self.answer)

    @api.model
    def _one_that_differs(self, connection, question):
        """Return SQL for the id of a record that says otherwise than is assumed."""
        mine = self.new({"connection_id": connection.id})
        says, _shown = mine._says(question, self._is_other_answer(question))
        return SQL("SELECT id FROM %s LIMIT 1", mine._shows(says))

    @api.model
    def _is_other_answer(self, question):
        """Return SQL of what an answer is that is neither assumed nor neutral."""
        asked = QUESTIONS[question]
        return SQL("!= ALL(%s)", [*asked.assumed, *asked.neutral])

    def _shows(self, says):
        """Return SQL of FROM and WHERE of the records of which a condition holds."""
        return SQL(
            "procurify_record WHERE connection_id = %s AND %s AND %s",
            self.connection_id.id,
            SQL(SHOWS),
            says,
        )

    def _says(self, question, answers):
        """Return SQL of the condition that a record gives one of these answers, and
        SQL of the combinations that have one, if these are known.

        :param answers: SQL of a comparison
        """
        if question not in _COLUMNS:
            shown = SQL(
                "SELECT id AS findings_id FROM procurify_shown"
                " WHERE findings ->> %s %s",
                question,
                answers,
            )
            return SQL("findings_id = ANY(ARRAY(%s))", shown), shown
        name, resources = _COLUMNS[question]
        column = SQL.identifier(name)
        # The index is searched for values, not for what they are not.
        found = SQL(
            "SELECT DISTINCT %s FROM %s",
            column,
            self._shows(SQL("%s %s", column, answers)),
        )
        says = SQL(
            "%s = ANY(ARRAY(%s)) AND resource = ANY(%s)", column, found, list(resources)
        )
        return says, None

    # === ACTION METHODS === #

    def action_confirm(self):
        """Say that this tenant is right although it differs: bills are posted again.

        :returns: a notification with the number of bills that are posted now
        :raises AccessError: the user is no administrator of the connector
        """
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("procurify_connector.group_manager"):
            raise AccessError(
                self.env._("Only administrators of the connector confirm findings.")
            )
        count = self.connection_id._confirm_finding(self.question)
        return self.connection_id._notification(
            "success",
            self.env._("Confirmed. Bills that will be posted: %(count)s.", count=count),
        )

    # === TABLE === #

    @property
    def _table_query(self):
        return SQL(
            """
            WITH shown AS (%(shown)s),
            answers AS (%(answers)s),
            questions (question, sequence, assumed, neutral, enough) AS (
                VALUES %(questions)s
            ),
            judged AS (
                SELECT answers.*,
                       answers.answer = ANY(questions.assumed) AS is_assumed,
                       answers.answer = ANY(questions.neutral) AS is_neutral
                  FROM answers JOIN questions USING (question)
            )
            SELECT connection.id * 1000 + questions.sequence AS id,
                   connection.id AS connection_id,
                   connection.company_id,
                   questions.sequence,
                   questions.question,
                   (array_agg(answer ORDER BY is_neutral, count DESC, answer))[1]
                       AS answer,
                   coalesce((array_agg(count
                       ORDER BY is_neutral, count DESC, answer))[1], 0) AS count,
                   coalesce(sum(count), 0)::integer AS total_count,
                   CASE WHEN bool_or(NOT is_neutral AND NOT is_assumed) THEN 'differs'
                        WHEN coalesce(sum(count) FILTER (WHERE is_assumed), 0)
                             < min(questions.enough) THEN 'too_few'
                        ELSE 'as_assumed' END AS verdict
              FROM procurify_connection connection
        CROSS JOIN questions
         LEFT JOIN judged
                ON judged.connection_id = connection.id
               AND judged.question = questions.question
          GROUP BY connection.id, connection.company_id, questions.question,
                   questions.sequence
            """,
            shown=_SHOWN,
            answers=SQL(" UNION ALL ").join([*self._column_answers(), _OTHER_ANSWERS]),
            questions=SQL(", ").join(
                SQL(
                    "(%s, %s, %s::text[], %s::text[], %s)",
                    *(name, sequence, list(q.assumed), list(q.neutral), q.enough),
                )
                for sequence, (name, q) in enumerate(QUESTIONS.items(), start=1)
            ),
        )

    def _column_answers(self):
        """Yield SQL for how many documents of each connection give which answer."""
        for question, (column, resources) in _COLUMNS.items():
            yield SQL(
                """
                SELECT connection_id, %(question)s AS question, %(column)s AS answer,
                       sum(count)::integer AS count
                  FROM shown
                 WHERE %(column)s IS NOT NULL AND resource = ANY(%(resources)s)
              GROUP BY connection_id, %(column)s
                """,
                question=question,
                column=SQL.identifier(column),
                resources=list(resources),
            )


# Many objects show the same: they are counted before their answers are looked at.
_SHOWN = SQL(
    """
    SELECT connection_id, %(columns)s, count(*) AS count
      FROM procurify_record
     WHERE %(shows)s
  GROUP BY connection_id, %(columns)s
    """,
    columns=SQL(", ").join(SQL.identifier(name) for name in SHOWN),
    shows=SQL(SHOWS),
)
# What other objects and requests show.
_OTHER_ANSWERS = SQL(
    """
    SELECT connection_id, found.key AS question, found.value AS answer,
           sum(count)::integer AS count
      FROM shown
      JOIN procurify_shown ON procurify_shown.id = shown.findings_id
CROSS JOIN LATERAL jsonb_each_text(procurify_shown.findings) found
  GROUP BY connection_id, found.key, found.value
 UNION ALL
    SELECT connection_id, found.key AS question, found.value AS answer,
           count(*)::integer AS count
      FROM procurify_stream, jsonb_each_text(findings) found
     WHERE findings IS NOT NULL
  GROUP BY connection_id, found.key, found.value
    """
)
