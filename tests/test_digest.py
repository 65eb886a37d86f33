"""The digest shows managers each issue once, and only their own documents."""

from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged

from .common import SharedCommon


@tagged("post_install", "-at_install", "procurify")
class TestDigest(SharedCommon):
    @classmethod
    def _make(cls):
        cls.dataset.add_bill("plain")
        for _number in range(2):
            cls.dataset.add_bill("unknown_account")
        cls.dataset.add_bill("unknown_department")

    def setUp(self):
        super().setUp()
        self.digest = self.env.ref("procurify_connector.digest_digest_procurify")
        self.user = self._reader("procurify_connector.group_user", self.company)

    def test_figures_are_those_of_the_records(self):
        bills = self._records("bill")
        # The digest's windows end before the present second.
        booked = bills.sudo().filtered("imported_at")
        booked.imported_at = fields.Datetime.now() - timedelta(minutes=1)

        figures = self._figures(self.user)

        self.assertEqual(len(booked), 1)
        self.assertEqual(figures["kpi_procurify_booked"], 0)
        self.assertEqual(figures["kpi_procurify_draft"], 1)
        self.assertEqual(
            figures["kpi_procurify_held"],
            len(bills.filtered(lambda record: record.state == "quarantined")),
        )

    def test_a_bill_counts_as_posted_once_it_is_in_the_ledger(self):
        [bill] = self._records("bill").sudo().filtered("imported_at")
        bill.imported_at = fields.Datetime.now() - timedelta(minutes=1)
        self.env["account.move"].browse(bill.res_id).action_post()

        figures = self._figures(self.user)

        self.assertEqual(figures["kpi_procurify_booked"], 1)
        self.assertEqual(figures["kpi_procurify_draft"], 0)

    def test_one_mail_shows_every_issue_with_the_documents_affected(self):
        self.digest.user_ids = self.user
        before = self._mails()

        self.digest.action_send_manual()

        mail = self._mails() - before
        self.assertEqual(len(mail), 1)
        issues = self._records("bill").issue_ids
        self.assertGreater(len(issues), 1)
        for issue in issues:
            self.assertIn(issue.display_name, mail.body_html)
            self.assertIn(issue.blocked_amount, mail.body_html)
            self.assertIn(f"/odoo/procurify-issues/{issue.id}", mail.body_html)

    def test_issue_with_the_most_documents_comes_first(self):
        issues = self.digest._procurify_largest_issues(self.company, self.user)

        counts = issues.mapped("record_count")
        self.assertEqual(counts, sorted(counts, reverse=True))

    def test_nothing_on_hold_says_nothing(self):
        self._records("bill").sudo().issue_ids = False

        self.assertFalse(self.digest._procurify_issues_told(self.company, self.user))

    def test_reader_of_another_company_learns_nothing(self):
        other = self.env["res.company"].create({"name": "Another company"})
        reader = self._reader("procurify_connector.group_user", other)

        self.assertFalse(self.digest._procurify_issues_told(other, reader))
        self.assertEqual(set(self._figures(reader).values()), {0})

    def test_employee_gets_no_figures(self):
        employee = self._reader("base.group_user", self.company)

        self.assertFalse(self._figures(employee))
        self.assertFalse(self.digest._procurify_issues_told(self.company, employee))

    def test_mail_carries_the_audit_s_chain_head_to_reviewers_only(self):
        seals = self.env["procurify.audit.seal"]
        last_id = self.env["procurify.audit"].search([], limit=1).id
        mark = {"last_id": last_id, "xid": "1"}  # long ended
        self.env["procurify.audit.mark"].sudo().create(mark)
        self.assertTrue(seals._seal_next(last_id))
        employee = self._reader("base.group_user", self.company)

        [told] = self.digest._procurify_audit_head(self.user)

        self.assertIn(seals._head().digest, told)
        self.assertFalse(self.digest._procurify_audit_head(employee))

    def test_reviewer_subscribes_without_rights_on_digests(self):
        self.digest.with_user(self.user).action_subscribe()

        self.assertIn(self.user, self.digest.user_ids)

    def _reader(self, group, company):
        return new_test_user(
            self.env,
            f"reader{self.env['res.users'].search_count([])}",
            groups=group,
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )

    def _figures(self, user):
        kpis = self.digest._compute_kpis(user.company_id, user)
        return {kpi["kpi_name"]: kpi["kpi_col3"]["value"] for kpi in kpis}

    def _mails(self):
        return self.env["mail.mail"].search([("subject", "like", self.digest.name)])
