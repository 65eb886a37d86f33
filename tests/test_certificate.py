"""The completeness certificate: what it says, that it stays so, and who sees it."""

import resource
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from io import BytesIO

from openpyxl import load_workbook
from psycopg2.errors import RaiseException

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.procurify_connector.models.audit.procurify_audit import append

from .looks import LooksCase
from .test_reconciliation import EVER, ReconciliationCase

COUNTS = (
    None,
    "booked",
    "posted",
    "drafts",
    "held",
    "pending",
    "excluded",
    "ignored",
    "changed",
    "missing",
    "extra",
    "unexplained",
)


class CertificateCase(ReconciliationCase):
    def _certify(self, listed=False, **values):
        self.env.flush_all()
        return self.env["procurify.certificate"]._certify(
            self.connection, *EVER, listed=listed, **values
        )

    def _add_documents(self):
        """One imported, one on hold, one excluded, one ignored, one edited bill."""
        self.dataset.add_bill("several_lines")
        self.dataset.add_bill("plain", code="7450")
        self.dataset.add_bill("draft")
        ignored = self.dataset.add_bill("plain", code="7450")
        edited = self.dataset.add_bill("split_departments")
        self._synchronise()
        self._record("bill", ignored).action_ignore()
        line = self._move(edited).invoice_line_ids[0]
        line.account_id = self._account("745999")
        self._compare()

    def _reviewer(self, *groups):
        return new_test_user(
            self.env,
            "certifier",
            groups=",".join(("procurify_connector.group_user", *groups)),
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )


@tagged("post_install", "-at_install", "procurify")
class TestCertificate(CertificateCase):
    # === WHAT IT SAYS === #

    def test_every_count_equals_the_list_behind_it(self):
        self._add_documents()

        certificate = self._certify()

        self.assertEqual(certificate.state, "open")
        self.assertTrue(certificate.booked_count)
        for outcome in COUNTS:
            action = certificate.with_context(
                procurify_outcome=outcome
            ).action_open_lines()
            lines = self.env[action["res_model"]].search(action["domain"])
            name = f"{outcome or 'document'}_count"
            self.assertEqual(len(lines), certificate[name], name)
        self.assertEqual(
            sum(certificate[f"{name}_count"] for name in COUNTS[1:-1])
            - certificate.drafts_count
            - certificate.posted_count,
            certificate.document_count,
        )

    def test_every_sum_equals_the_list_behind_it(self):
        self._add_documents()

        certificate = self._certify()

        self.assertTrue(certificate.sum_ids)
        for each in certificate.sum_ids:
            action = each.action_open_lines()
            lines = (
                self.env[action["res_model"]]
                .with_context(**action["context"])
                .search(action["domain"])
            )
            self.assertEqual(len(lines), each.document_count, each.name)
            for name in ("procurify_amount", "odoo_amount"):
                amounts = [Decimal(str(line[f"place_{name}"])) for line in lines]
                self.assertEqual(sum(amounts), Decimal(str(each[name])), each.name)

    def test_certificate_says_what_the_reconciliation_says(self):
        self._add_documents()

        result = self._reconcile()
        certificate = self._certify()

        self.assertEqual(len(result["documents"]), len(certificate.line_ids))
        found = {line.external_id: line for line in certificate.line_ids}
        for document in result["documents"]:
            line = found[document["external_id"]]
            self.assertEqual(line.outcome, document["outcome"])
            self.assertEqual(
                line.document_date and line.document_date.isoformat(), document["date"]
            )
            self.assertEqual(line.is_explained, document["is_explained"])
            self.assertEqual(line.odoo_amount, float(document["odoo_amount"]))
        self.assertEqual(
            result["unexplained_count"],
            certificate.unexplained_count + certificate.finding_count,
        )

    def test_what_no_nightly_check_confirms_is_not_yet_verified(self):
        self.dataset.add_bill("plain")
        self._synchronise()

        self.assertEqual(self._certify().state, "unverified")
        self.assertEqual(self._reconcile()["result"], "unverified")
        self._compare()
        self.assertEqual(self._certify().state, "complete")
        self.assertEqual(self._certify(listed=True).state, "complete")

    def test_first_page_has_totals_with_currency_codes(self):
        self._add_documents()
        certificate = self._certify()

        for dimension in ("total", "department"):
            sums = certificate.sum_ids.filtered(
                lambda row, name=dimension: row.dimension == name
            )
            rows = certificate._totals(dimension)
            self.assertEqual(len(rows), len(sums))
            for row, each in zip(rows, sums, strict=True):
                self.assertEqual(row["count"], each.document_count)
                self.assertTrue(row["amounts"][0].endswith(f" {each.currency}"))

    def test_line_opens_its_document(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()

        lines = self._certify().line_ids
        action = lines.filtered(
            lambda line: line.resource == "bill"
        ).action_open_document()

        self.assertEqual(action["res_model"], "account.move")
        self.assertEqual(action["res_id"], self._move(bill_id).id)

    # === PROCURIFY'S LISTS === #

    def test_bill_that_was_never_read_is_missing(self):
        self.dataset.add_bill("plain")
        self._synchronise()
        missing_id = self.dataset.add_bill("plain")

        certificate = self._certify(listed=True)

        [missing] = certificate.line_ids.filtered(
            lambda line: line.outcome == "missing"
        )
        self.assertEqual(missing.external_id, str(missing_id))
        self.assertEqual(certificate.unexplained_count, 1)
        self.assertFalse(certificate.findings)

    def test_booked_bill_that_is_listed_no_more_is_extra(self):
        bill_id = self.dataset.add_bill("plain")
        self.dataset.add_bill("plain")
        self._synchronise()
        self.dataset.delete_bill(bill_id)

        certificate = self._certify(listed=True)

        [extra] = certificate.line_ids.filtered(lambda line: line.outcome == "extra")
        self.assertEqual(extra.external_id, str(bill_id))
        self.assertFalse(extra.is_explained)

    def test_all_that_is_listed_is_complete(self):
        self.dataset.add_bill("plain")
        self._synchronise()

        certificate = self._certify(listed=True)

        self.assertEqual(certificate.state, "complete")

    # === ITS SEAL === #

    def test_what_was_certified_is_verified(self):
        self._add_documents()
        certificate = self._certify()

        self.assertEqual(certificate._tampering(), [])
        action = certificate.action_verify()

        self.assertEqual(action["params"]["type"], "success")
        events = self.env["procurify.audit"].search(
            [("res_model", "=", "procurify.certificate")]
        )
        self.assertEqual(
            set(events.mapped("event")), {"certified", "certificate_verified"}
        )

    def test_changes_behind_the_triggers_are_found(self):
        self._add_documents()
        certificate = self._certify()
        for table, finding in (
            ("procurify_certificate", "The certificate was changed"),
            ("procurify_certificate_line", "documents"),
            ("procurify_certificate_sum", "sums"),
        ):
            column = "user_name" if table == "procurify_certificate" else "currency"
            with self.subTest(table), self._behind_the_triggers(table):
                self.env.cr.execute(
                    SQL("UPDATE %s SET %s = 'X'", *map(SQL.identifier, (table, column)))
                )
                self.assertIn(finding, " ".join(certificate._tampering()))
        action = certificate.action_verify()
        self.assertEqual(action["params"]["type"], "danger")

    def test_nobody_changes_or_deletes_it(self):
        self._add_documents()
        certificate = self._certify()
        for rows in (certificate, certificate.line_ids, certificate.sum_ids):
            with self.subTest(rows._name):
                with self.assertRaises(AccessError):
                    rows.sudo().write({"company_ref": 1})
                with self.assertRaises(AccessError):
                    rows.sudo().unlink()
                with self.assertRaises(AccessError):
                    rows.sudo().create({})
                for query in ("DELETE FROM %s", "UPDATE %s SET company_ref = 1"):
                    with (
                        mute_logger("odoo.sql_db"),
                        self.assertRaisesRegex(RaiseException, "append-only"),
                        self.env.cr.savepoint(),
                    ):
                        self.env.cr.execute(SQL(query, SQL.identifier(rows._table)))

    @contextmanager
    def _behind_the_triggers(self, table):
        """Change ``table`` as somebody does who owns the database."""
        name = SQL.identifier(table)
        self.env.cr.execute(SQL("ALTER TABLE %s DISABLE TRIGGER USER", name))
        yield
        for trigger in ("begin", "insert", "keep", "truncate"):
            self.env.cr.execute(
                SQL(
                    "ALTER TABLE %s ENABLE ALWAYS TRIGGER %s",
                    name,
                    SQL.identifier(f"{table}_{trigger}"),
                )
            )

    # === WHO SEES IT === #

    def test_accountant_makes_and_reads_it(self):
        self.dataset.add_bill("plain")
        self._synchronise()
        user = self._reviewer("account.group_account_invoice")
        wizard = self.env["procurify.certify"].with_user(user)
        values = {"connection_id": self.connection.id, "date_from": EVER[0]}

        action = wizard.create(values | {"date_to": EVER[1]}).action_certify()

        certificate = self.env[action["res_model"]].with_user(user)
        certificate = certificate.browse(action["res_id"])
        self.assertEqual(certificate.user_name, user.name)
        self.assertTrue(certificate.booked_count)
        self.assertTrue(certificate.sum_ids.mapped("odoo_amount"))

    def test_reviewer_without_accounting_sees_none(self):
        self.dataset.add_bill("plain")
        self._synchronise()
        certificate = self._certify()
        user = self._reviewer()

        for rows in (certificate, certificate.line_ids, certificate.sum_ids):
            self.assertFalse(rows.with_user(user).search([]))
            with self.assertRaises(AccessError):
                rows.with_user(user).mapped("company_ref")
        with self.assertRaises(AccessError):
            certificate.with_user(user).action_verify()

    def test_other_company_sees_none(self):
        certificate = self._certify()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        user = self._reviewer("account.group_account_invoice")
        user.write({"company_ids": [(6, 0, other.ids)], "company_id": other.id})

        with self.assertRaises(AccessError):
            certificate.with_user(user).mapped("document_count")


@tagged("post_install", "-at_install", "procurify")
class TestCertificatePapers(CertificateCase, HttpCase):
    def test_report_shows_the_result_and_the_explanations(self):
        self._add_documents()
        certificate = self._certify()
        report = "procurify_connector.procurify_certificate_report"

        html, kind = self.env["ir.actions.report"]._render_qweb_html(
            report, certificate.ids
        )

        self.assertEqual(kind, "html")
        text = html.decode()
        self.assertIn(certificate.digest, text)
        for line in certificate.line_ids.filtered(lambda line: line.outcome == "held"):
            self.assertIn(line.name, text)
        unexplained = certificate.unexplained_count + certificate.finding_count
        self.assertIn(f"{unexplained} unexplained", text)

    def test_report_of_five_hundred_documents_prints_fast_and_small(self):
        self._add_documents()
        certificate = self._certify()
        self._repeat_lines(certificate, 500)
        report = self.env["ir.actions.report"].with_context(force_report_rendering=True)

        started = _processor_seconds()
        pdf, _kind = report._render_qweb_pdf(
            "procurify_connector.procurify_certificate_report", certificate.ids
        )
        seconds = _processor_seconds() - started

        self.assertTrue(pdf.startswith(b"%PDF"))
        # wkhtmltopdf also waits for a second, in which the page is drawn.
        self.assertLess(seconds, 4)
        self.assertLess(len(pdf), 1_000_000)

    def _repeat_lines(self, certificate, count):
        """Add copies of the certificate's lines until there are so many."""
        lines = certificate.line_ids
        names = [
            field.name
            for field in lines._fields.values()
            if field.store and field.name not in ("id", "date", "digest")
        ]
        rows = lines._read_format(names, load="")
        more = [
            {name: row[name] for name in names} | {"name": f"{row['name']}-{number}"}
            for number in range(count // len(rows))
            for row in rows
        ]
        append(self.env["procurify.certificate.line"].sudo(), more)
        certificate.invalidate_recordset(["line_ids"])
        self.assertGreaterEqual(len(certificate.line_ids), count)

    def test_spreadsheet_has_every_document_and_sum(self):
        self._add_documents()
        certificate = self._certify()

        book = load_workbook(BytesIO(certificate._spreadsheet()))

        summary, documents, sums = book.worksheets
        values = {row[0].value: row[1].value for row in summary.iter_rows()}
        self.assertEqual(values["Documents"], certificate.document_count)
        last = len(certificate.sum_ids) + 1
        self.assertEqual(sums.max_row, last)
        column = [cell.value for cell in sums[1]].index("In Odoo")
        self.assertEqual(
            [row[column].value for row in sums.iter_rows(min_row=2, max_row=last)],
            certificate.sum_ids.mapped("odoo_amount"),
        )

        # Below the documents stands what those of one kind and currency add up to.
        lines = certificate.line_ids
        last = len(lines) + 1
        header = [cell.value for cell in documents[1]]
        kind, currency, amount = (
            header.index(lines._fields[name].string)
            for name in ("resource", "currency", "odoo_amount")
        )
        found = {
            (row[kind].value, row[currency].value): row[amount].value
            for row in documents.iter_rows(min_row=last + 1)
        }
        kinds = dict(lines._fields["resource"]._description_selection(self.env))
        self.assertEqual(
            set(found),
            {(kinds[each.resource], each.currency) for each in lines if each.currency},
        )
        self.assertGreater(len(found), 1)
        letter, place = documents.cell(1, amount + 1).column_letter, last + 1
        self.assertEqual(
            next(iter(found.values())),
            f"=SUMIFS({letter}2:{letter}{last},A2:A{last},A{place},"
            f"I2:I{last},I{place})",
        )
        values = load_workbook(BytesIO(certificate._spreadsheet()), data_only=True)
        for row in values.worksheets[1].iter_rows(min_row=last + 1):
            mine = lines.filtered(
                lambda line, row=row: (
                    (kinds[line.resource], line.currency)
                    == (row[kind].value, row[currency].value)
                )
            )
            self.assertEqual(row[amount].value, sum(mine.mapped("odoo_amount")))

    def test_spreadsheet_needs_no_formatting(self):
        self._add_documents()

        book = load_workbook(BytesIO(self._certify()._spreadsheet()))

        for sheet in book.worksheets[1:]:
            self.assertEqual(sheet.freeze_panes, "A2")
            self.assertTrue(sheet.auto_filter.ref)
            widths = [size.width for size in sheet.column_dimensions.values()]
            self.assertGreaterEqual(min(widths), 9)
        documents = book.worksheets[1]
        column = [cell.value for cell in documents[1]].index("Date")
        cell = documents.cell(2, column + 1)
        self.assertTrue(cell.is_date)
        self.assertGreaterEqual(documents.column_dimensions["E"].width, 11)

    def test_spreadsheet_is_given_to_who_may_see_it(self):
        certificate = self._certify()
        user = self._reviewer()
        url = certificate.action_spreadsheet()["url"]

        self.authenticate(user.login, user.login)
        self.assertEqual(self.url_open(url).status_code, 404)

        user.group_ids |= self.env.ref("account.group_account_readonly")
        answer = self.url_open(url)
        self.assertEqual(answer.status_code, 200)
        self.assertTrue(answer.content.startswith(b"PK"))

    def test_text_from_procurify_is_no_formula(self):
        bill_id = self.dataset.add_bill("plain")
        self.dataset.revise_bill(bill_id, invoice_number="=1+1")
        self._synchronise()

        book = load_workbook(BytesIO(self._certify()._spreadsheet()))

        cells = [row[1] for row in book.worksheets[1].iter_rows(min_row=2) if row[1]]
        kinds = {cell.value: cell.data_type for cell in cells}
        self.assertEqual(kinds["=1+1"], "s")


@tagged("post_install", "-at_install", "procurify")
class TestCertificateTour(CertificateCase, LooksCase):
    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def test_month_end_with_the_certificate(self):
        self._add_documents()
        # The documents of the simulator are not of last month.
        for name, day in zip(("date_from", "date_to"), EVER, strict=True):
            self.env["ir.default"].set("procurify.certify", name, day.isoformat())

        with self._watching():
            self.start_tour(
                "/odoo/procurify-certificates",
                "procurify_month_end",
                login=self.env.user.login,
            )

        certificate = self.env["procurify.certificate"].search([])
        self.assertEqual(certificate.unexplained_count, 1)
        events = self.env["procurify.audit"].search([("res_id", "=", certificate.id)])
        self.assertIn("certificate_verified", events.mapped("event"))


def _processor_seconds():
    """Return what this process and its children worked: others share the machine."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(
            resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
    )
