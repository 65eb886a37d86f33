"""A company's books are large before Procurify comes: no batch reads them through."""

from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from .common import ProcurifyCommon

#: Rows that the company has of its own, in each table.
ROWS = 5_000
#: What an import looks through by numbers, dates and links.
LARGE = (
    "account_move",
    "account_move_line",
    "product_product",
    "purchase_order",
    "purchase_order_line",
)


@tagged("post_install", "-at_install", "procurify")
class TestFullCompany(ProcurifyCommon):
    master_data_ready = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._fill()
        cls._let_a_day_pass()

    def test_import_reads_no_large_table_through(self):
        ordered = [self.dataset.add_order("plain") for _number in range(3)]
        billed = [self.dataset.bill_order(order, {0: 1}) for order in ordered]
        billed.append(self.dataset.add_bill("several_lines"))
        self._fetch()
        before = self._rows_read_through()

        self._import()

        after = self._rows_read_through()
        read = {table: after[table] - before[table] for table in LARGE}
        self.assertEqual({t: n for t, n in read.items() if n >= ROWS}, {})
        states = [self._record("bill", bill_id).state for bill_id in billed]
        self.assertEqual(states, ["done"] * 4)

    def _rows_read_through(self):
        """Return {table: rows that this transaction read without an index}."""
        self.env.cr.execute(
            "SELECT relname, seq_tup_read FROM pg_stat_xact_user_tables"
        )
        return dict(self.env.cr.fetchall())

    # === THE COMPANY'S OWN BOOKS === #

    @classmethod
    def _fill(cls):
        """Copy an order and a bill, each with another number."""
        partner = cls.env["res.partner"].create({"name": "Filler"})
        product = cls.env["product.product"].create({"name": "Filler"})
        order = cls.env["purchase.order"].create(
            {
                "partner_id": partner.id,
                "company_id": cls.company.id,
                "order_line": [Command.create({"product_id": product.id})],
            }
        )
        bill = cls.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "company_id": cls.company.id,
                "partner_id": partner.id,
                "invoice_line_ids": [Command.create({"product_id": product.id})],
            }
        )
        cls.env.flush_all()
        number = SQL("'F-' || n")
        cls._copy(product.product_tmpl_id)
        cls._copy(product, product_tmpl_id=SQL("product_tmpl_id + n"))
        cls._copy(order, name=number, partner_ref=number)
        cls._copy(order.order_line, order_id=SQL("order_id + n"))
        cls._copy(bill, name=number, ref=number, payment_reference=number)
        cls._copy(
            bill.invoice_line_ids,
            move_id=SQL("move_id + n"),
            purchase_line_id=SQL("%s + n", order.order_line.id),
        )

    @classmethod
    def _copy(cls, record, **changed):
        """Copy ``record`` ROWS times, under the ids that follow the last one."""
        columns = [
            name
            for name, field in record._fields.items()
            if field.store and field.column_type and name != "id"
        ]
        values = (changed.get(name, SQL.identifier(name)) for name in columns)
        table = SQL.identifier(record._table)
        cls.env.cr.execute(
            SQL(
                "INSERT INTO %(table)s (id, %(columns)s) "
                "SELECT last.id + n, %(values)s "
                "FROM %(table)s, generate_series(1, %(rows)s) n, "
                "(SELECT max(id) AS id FROM %(table)s) last "
                "WHERE %(table)s.id = %(template)s",
                table=table,
                columns=SQL(", ").join(map(SQL.identifier, columns)),
                values=SQL(", ").join(values),
                rows=ROWS,
                template=record.id,
            )
        )
        cls.env.cr.execute(
            SQL(
                "SELECT setval(%s, (SELECT max(id) FROM %s))",
                f"{record._table}_id_seq",
                table,
            )
        )
        cls.env.cr.execute(SQL("ANALYZE %s", table))
