"""The states that people see are the same everywhere, and posted is in the ledger."""

from collections import Counter

from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.importers.resource_kinds import DOCUMENTS
from odoo.addons.procurify_connector.tools.document_states import DOCUMENT_STATES

from .common import SharedCommon

_IMPORT = {
    "pending": "queued",
    "waiting": "queued",
    "quarantined": "on_hold",
    "excluded": "excluded",
    "ignored": "ignored",
}
_ODOO = {
    "draft": "draft",
    "posted": "posted",
    "cancel": "cancelled",
    "sent": "draft",
    "to approve": "draft",
    "purchase": "posted",
}


@tagged("post_install", "-at_install", "procurify")
class TestDocumentState(SharedCommon):
    @classmethod
    def _make(cls):
        for _number in range(5):
            cls.dataset.add_bill("plain")
        for scenario in ("foreign_eur", "foreign_cad"):
            cls.dataset.add_bill(scenario, code="7450")
        cls.dataset.add_bill("unknown_account")
        cls.dataset.add_bill("expense")
        for scenario in ("partly_received", "closed_short"):
            cls.dataset.add_order(scenario)

    def setUp(self):
        super().setUp()
        bills = self._records("bill")
        done = bills.filtered(lambda record: record.state == "done")
        self.posted, self.cancelled, self.deleted, queued, *_drafts = done
        self._bill(self.posted).action_post()
        self._bill(self.cancelled).button_cancel()
        self._bill(self.deleted).unlink()
        queued.sudo().state = "pending"
        held = bills.filtered(lambda record: record.state == "quarantined")
        own = self.company.currency_id.name
        held.filtered(lambda r: r.remote_currency == own)[-1].action_ignore()
        self.env.flush_all()
        self.env.invalidate_all()
        self.expected = {r: self._what_it_is(r) for r in self._documents()}

    # === ONE DEFINITION === #

    def test_state_is_that_of_the_document_in_odoo(self):
        for record, state in self.expected.items():
            self.assertEqual(record.document_state, state, record.name)
        self.assertEqual(
            set(self.expected.values()), dict(DOCUMENT_STATES).keys() - {"mapped"}
        )

    def test_searching_and_grouping_find_the_same(self):
        mine = [("connection_id", "=", self.connection.id)]
        records = self.env["procurify.record"]
        groups = records._read_group(mine, ["document_state"], ["id:recordset"])
        grouped = dict(groups)
        for state, label in DOCUMENT_STATES:
            found = records.search([*mine, ("document_state", "=", state)])
            self.assertEqual(found, grouped.get(state, records).sorted(), label)
            others = records.search([*mine, ("document_state", "!=", state)])
            self.assertFalse(others & found, label)
            self.assertEqual(
                found.filtered_domain([("document_state", "=", state)]), found
            )
        self.assertEqual(sum(map(len, grouped.values())), records.search_count(mine))

    def test_master_data_is_mapped_and_not_posted(self):
        master = self._records("vendor").filtered(lambda r: r.state == "done")

        self.assertEqual(set(master.mapped("document_state")), {"mapped"})

    def test_posting_shows_at_once(self):
        draft = next(r for r, state in self.expected.items() if state == "draft")
        self._bill(draft).action_post()
        draft.invalidate_recordset(["document_state"])

        self.assertEqual(draft.document_state, "posted")

    def test_states_are_read_by_few_queries(self):
        records = self._documents()
        self.env.invalidate_all()
        records.mapped("state")

        # One for the states, two for the currency of the amounts.
        with self.assertQueryCount(3):
            records.mapped("document_state")

    # === AMOUNTS === #

    def test_amount_is_odoos_once_it_is_there_and_converted_before(self):
        for record, state in self.expected.items():
            with self.subTest(record=record.name, state=state):
                self.assertAlmostEqual(record.company_amount, self._amount(record))
        own = self.company.currency_id.name
        foreign = [
            record
            for record, state in self.expected.items()
            if state == "on_hold" and record.remote_currency != own
        ]
        self.assertTrue(foreign)
        for record in foreign:
            self.assertNotEqual(record.company_amount, record.remote_amount)

    def test_sum_of_a_list_is_that_of_its_records(self):
        records = self._documents()

        [(total,)] = records._read_group(
            [("id", "in", records.ids)], [], ["company_amount:sum"]
        )

        self.assertAlmostEqual(total, sum(map(self._amount, records)))

    def test_who_may_not_read_bills_sees_procurifys_amount(self):
        record = self.posted
        self.env.cr.execute(
            "UPDATE account_move SET amount_total_signed = -1 WHERE id = %s",
            [record.res_id],
        )
        reviewer = new_test_user(
            self.env,
            "few_rights",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        self.env.invalidate_all()

        self.assertEqual(record.company_amount, 1)
        theirs = record.with_user(reviewer)
        self.assertAlmostEqual(theirs.company_amount, self._converted(record))

    # === EVERYWHERE === #

    def test_every_screen_and_interface_counts_the_same(self):
        counts = Counter(self.expected.values())
        connection = self.connection
        for state, field in (
            ("posted", "posted_count"),
            ("draft", "draft_count"),
            ("on_hold", "held_count"),
            ("queued", "pending_count"),
            ("excluded", "excluded_count"),
            ("ignored", "ignored_count"),
        ):
            self.assertEqual(connection[field], counts[state], field)
            action = connection.with_context(
                procurify_states=[state]
            ).action_open_records()
            found = self.env["procurify.record"].search(action["domain"])
            self.assertEqual(len(found), counts[state], state)
        self.assertEqual(self._in_statistics(), counts)
        self.assertEqual(self._in_metrics(), counts)
        self.assertEqual(self._in_certificate(), counts)
        rows = self.env["procurify.record"].read_holds(
            [["connection_id", "=", connection.id], ["resource", "in", DOCUMENTS]]
        )
        held = Counter(row["document_state"] for row in rows)
        self.assertEqual(held["on_hold"], counts["on_hold"])

    def _in_statistics(self):
        [figures] = self.connection.read_statistics(self.connection.id)
        found = Counter()
        for each in figures["documents"].values():
            found.update(each)
        return found

    def _in_metrics(self):
        text = self.env["procurify.monitoring"]._text()
        found = Counter()
        for state, _label in DOCUMENT_STATES:
            for line in text.splitlines():
                mine = f'connection_id="{self.connection.id}"' in line
                if (
                    mine
                    and line.startswith("procurify_documents")
                    and f'document_state="{state}"' in line
                ):
                    found[state] += int(line.rsplit(" ", 1)[1])
        return found

    def _in_certificate(self):
        made = self.env["procurify.certificate"]._certify(
            self.connection, "2000-01-01", "2099-12-31"
        )
        booked = made.line_ids.filtered(lambda line: line.outcome == "booked")
        states = Counter(booked.mapped("document_state"))
        self.assertEqual(made.posted_count, states["posted"])
        self.assertEqual(made.drafts_count, states["draft"])
        return Counter(made.line_ids.mapped("document_state"))

    # === AN INDEPENDENT COUNT === #

    def _documents(self):
        return self._records().filtered(lambda record: record.resource in DOCUMENTS)

    def _bill(self, record):
        return self.env["account.move"].browse(record.res_id)

    def _what_it_is(self, record):
        if record.state != "done":
            return _IMPORT[record.state]
        document = self.env[record.res_model].browse(record.res_id).exists()
        return _ODOO[document.state] if document else "cancelled"

    def _amount(self, record):
        document = self.env[record.res_model].browse(record.res_id or 0).exists()
        if record.state != "done" or not document:
            return self._converted(record)
        if record.resource == "bill":
            return -document.amount_total_signed
        return document.amount_total_cc

    def _converted(self, record):
        currency = self.env["res.currency"].search(
            [("name", "=", record.remote_currency)]
        )
        return currency._convert(
            record.remote_amount,
            self.company.currency_id,
            self.company,
            record.remote_date,
        )
