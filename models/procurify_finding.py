"""What was learned of a tenant from what it sent: one row per question."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

# Question -> (column of the record, resources, answers that the import assumes, answers
# that say neither).
_QUESTIONS = {
    "bill_rate": (
        "rate_finding",
        ("bill",),
        ("gross",),
        ("all", "not_stated"),
    ),
    "order_rate": (
        "rate_finding",
        ("purchase_order",),
        ("gross",),
        ("all", "not_stated"),
    ),
    "date_time_of_day": (
        "date_finding",
        ("bill", "purchase_order"),
        ("date_only", "midnight"),
        (),
    ),
    "list_and_detail_dates": (
        "list_date_finding",
        ("bill", "purchase_order"),
        ("same",),
        (),
    ),
}
# So many objects must agree before an assumption counts as confirmed.
_ENOUGH = 5
_EXAMPLES = 3


class ProcurifyFinding(models.Model):
    """A row is one question about a tenant, answered from the documents that were read.

    ``answer`` is the most frequent one that says something; one document that says
    otherwise than the import assumes is enough for the verdict *differs*.
    """

    _name = "procurify.finding"
    _inherit = "procurify.list"
    _description = "Procurify Finding"
    _auto = False
    _order = "connection_id, question"
    _rec_name = "question"

    connection_id = fields.Many2one("procurify.connection", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    question = fields.Selection(
        [
            ("bill_rate", "Which total of a bill does Procurify convert?"),
            ("order_rate", "Which total of an order does Procurify convert?"),
            ("date_time_of_day", "Do dates have a time of day?"),
            ("list_and_detail_dates", "Do lists and documents show the same dates?"),
        ],
        readonly=True,
    )
    answer = fields.Selection(
        [
            ("gross", "With tax"),
            ("net", "Without tax"),
            ("net_with_shipping", "Without tax, with shipping"),
            ("all", "All totals are equal"),
            ("not_explained", "None of the totals"),
            ("not_stated", "No total is converted"),
            ("date_only", "Date only"),
            ("midnight", "Midnight"),
            ("time_of_day", "Another time of day"),
            ("same", "The same"),
            ("differs", "Different"),
        ],
        readonly=True,
    )
    count = fields.Integer(
        "Documents", readonly=True, help="Documents with this answer."
    )
    total_count = fields.Integer("Of", readonly=True, help="Documents with any answer.")
    verdict = fields.Selection(
        [
            ("as_assumed", "As assumed"),
            ("differs", "Differs"),
            ("too_few", "Too few documents"),
        ],
        readonly=True,
    )

    example_ids = fields.Many2many(
        "procurify.record",
        string="Examples",
        compute="_compute_example_ids",
        help="The latest documents that say otherwise than the import assumes, if any "
        "do; else the latest that say so. Only what you may read.",
    )

    # === COMPUTE METHODS === #

    @api.depends("connection_id", "question", "verdict")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_example_ids(self):
        found = defaultdict(list)
        queries = [finding._examples() for finding in self if finding.answer]
        if queries:
            self.env["procurify.record"].flush_model()
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
        column, resources, assumed, neutral = _QUESTIONS[self.question]
        answers = SQL("= %s", self.answer)
        if self.verdict == "differs":
            answers = SQL("!= ALL(%s)", [*assumed, *neutral])
        return SQL(
            """
            (SELECT %(finding)s, id FROM procurify_record
              WHERE connection_id = %(connection)s AND resource = ANY(%(resources)s)
                AND %(column)s %(answers)s
           ORDER BY id DESC LIMIT %(most)s)
            """,
            finding=self.id,
            connection=self.connection_id.id,
            resources=list(resources),
            column=SQL.identifier(column),
            answers=answers,
            most=_EXAMPLES,
        )

    @property
    def _table_query(self):
        answers = SQL(" UNION ALL ").join(
            self._answers(question, *facts) for question, facts in _QUESTIONS.items()
        )
        return SQL(
            """
            WITH answers AS (%(answers)s)
            SELECT row_number() OVER (ORDER BY answers.connection_id, question) AS id,
                   answers.connection_id,
                   connection.company_id,
                   question,
                   (array_agg(answer ORDER BY is_neutral, count DESC, answer))[1]
                       AS answer,
                   (array_agg(count ORDER BY is_neutral, count DESC, answer))[1]
                       AS count,
                   sum(count)::integer AS total_count,
                   CASE WHEN bool_or(NOT is_neutral AND NOT is_assumed) THEN 'differs'
                        WHEN coalesce(sum(count) FILTER (WHERE is_assumed), 0)
                             < %(enough)s THEN 'too_few'
                        ELSE 'as_assumed' END AS verdict
              FROM answers
              JOIN procurify_connection connection
                ON connection.id = answers.connection_id
          GROUP BY answers.connection_id, connection.company_id, question
            """,
            answers=answers,
            enough=_ENOUGH,
        )

    def _answers(self, question, column, resources, assumed, neutral):
        """Return SQL for how many documents of each connection give which answer."""
        return SQL(
            """
            SELECT connection_id, %(question)s AS question, %(column)s AS answer,
                   count(*) AS count,
                   %(column)s = ANY(%(assumed)s) AS is_assumed,
                   %(column)s = ANY(%(neutral)s) AS is_neutral
              FROM procurify_record
             WHERE %(column)s IS NOT NULL AND resource = ANY(%(resources)s)
          GROUP BY connection_id, %(column)s
            """,
            question=question,
            column=SQL.identifier(column),
            resources=list(resources),
            assumed=list(assumed),
            neutral=list(neutral),
        )
