"""Every amount of the month end equals its list, and an independent count."""

import json
from collections import defaultdict
from contextlib import nullcontext
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo import fields
from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon, SharedCommon
from .looks import LooksCase

_IMPORT = {
    "pending": "queued",
    "waiting": "queued",
    "quarantined": "on_hold",
    "excluded": "left_out",
    "ignored": "left_out",
}
_ODOO = {"draft": "draft", "posted": "posted", "cancel": "left_out"}
OPEN = ("on_hold", "queued", "draft")


def add_documents(dataset):
    """Add bills of this month, the last one and long ago, and orders."""
    today = fields.Date.today()
    first = today.replace(day=1)
    for day in (today, first, first - timedelta(days=3)):
        for scenario in ("plain", "split_departments", "foreign_cad"):
            dataset.add_bill(scenario, invoice_date=day)
        for scenario in ("foreign_eur", "plain", "split_departments"):
            dataset.add_bill(scenario, code="7450", invoice_date=day)
    dataset.add_bill("expense", invoice_date=today)
    long_ago = today - timedelta(days=100)
    dataset.add_bill("plain", code="7450", invoice_date=long_ago)
    for scenario in ("partly_received", "fully_received", "foreign_eur"):
        dataset.add_order(scenario)


@tagged("post_install", "-at_install", "procurify")
class TestMonthEnd(SharedCommon):
    """This month and the last one, in several currencies and departments."""

    @classmethod
    def _make(cls):
        cls.first = fields.Date.today().replace(day=1)
        add_documents(cls.dataset)

    def setUp(self):
        super().setUp()
        bills = self._records("bill")
        done = bills.filtered(lambda record: record.state == "done")
        for record in done[::2]:
            self._bill(record).action_post()
        done[1].sudo().state = "pending"
        held = bills.filtered(lambda record: record.state == "quarantined")
        held[0].action_ignore()
        self.env.flush_all()
        self.env.invalidate_all()

    # === FIGURES === #

    def test_every_figure_is_an_independent_count_and_the_footer_of_its_list(self):
        for back in (0, 1, 3):
            month = self.first - relativedelta(months=back)
            card = self._card(month)
            expected = self._count(month)
            for figure in card["figures"]:
                name = figure["name"]
                with self.subTest(month=month, figure=name):
                    self._check(month, figure, expected[name])
        for kind in ("posted", "draft", "on_hold", "left_out"):
            self.assertTrue(self._count(self.first)[kind], kind)

    def test_digest_shows_the_same_figures(self):
        digest = self.env.ref("procurify_connector.digest_digest_procurify")
        reviewer = self._reviewer(self.company)

        [text] = digest._procurify_amounts(self.company, reviewer)

        expected = self._count(self.first)
        connections = digest._procurify_connections(self.company, reviewer)
        figures = {f["name"]: f for f in connections._figures_together()}
        for name in ("posted", "draft", "on_hold"):
            total = sum(map(self._amount, expected[name]))
            self.assertTrue(total, name)
            self.assertAlmostEqual(figures[name]["value"], total, 2)
            self.assertEqual(figures[name]["count"], len(expected[name]))
            self.assertIn(connections._money(total), text)
        card = {f["name"]: f for f in self._card(self.first)["figures"]}
        self.assertTrue(card["not_billed"]["value"])
        for name in ("value", "count", "originals"):
            self.assertEqual(figures["not_billed"][name], card["not_billed"][name])
        self.assertIn(card["not_billed"]["amount"], text)

    def test_digest_has_no_amounts_of_what_its_reader_may_not_read(self):
        digest = self.env.ref("procurify_connector.digest_digest_procurify")
        other = self.env["res.company"].create({"name": "Another company"})

        self.assertFalse(digest._procurify_amounts(other, self._reviewer(other)))
        employee = new_test_user(self.env, "clerk", groups="base.group_user")
        self.assertFalse(digest._procurify_amounts(self.company, employee))

    def test_every_cell_of_the_matrix_is_a_count_and_the_footer_of_its_list(self):
        card = self._card(self.first)
        totals = {figure["name"]: figure["value"] for figure in card["figures"]}
        for dimension in ("department", "location"):
            expected = self._count_by(self.first, dimension)
            sums = defaultdict(float)
            for row in card["matrix"][dimension]:
                for cell in filter(None, row["cells"]):
                    kind = cell["name"].partition("/")[0]
                    sums[kind] += cell["value"]
                    _model, footer, _count = self._list(self.first, cell["name"])
                    self.assertAlmostEqual(cell["value"], footer, 2, cell["name"])
                    if kind != "not_billed":
                        wanted = expected[kind, row["id"]]
                        self.assertAlmostEqual(footer, wanted, 2, cell["name"])
            for kind, total in sums.items():
                self.assertAlmostEqual(total, totals[kind], 1, kind)
        self.assertGreater(len(card["matrix"]["department"]), 2)

    def test_all_that_is_open_is_shown_by_age_whatever_the_month(self):
        for month in (self.first, self.first - relativedelta(months=6)):
            ages = self._card(month)["ages"]
            shown = defaultdict(float)
            for row in ages["rows"]:
                for column, cell in zip(ages["columns"], row["cells"], strict=True):
                    if not cell:
                        continue
                    _model, footer, count = self._list(month, cell["name"])
                    self.assertAlmostEqual(cell["value"], footer, 2, cell["name"])
                    self.assertEqual(cell["count"], count, cell["name"])
                    shown[column["group"]] += cell["value"]
            open_bills = [r for r in self._bills() if self._what_it_is(r) in OPEN]
            total = sum(map(self._amount, open_bills))
            self.assertAlmostEqual(shown["age"], total, 2)
            self.assertAlmostEqual(shown["due"], total, 2)

    def test_every_bar_of_the_chart_opens_the_list_that_it_adds_up(self):
        card = self._card(self.first)
        drawn = 0
        for bar in card["chart"]["bars"]:
            for back, month in enumerate(reversed(bar["months"])):
                first = self.first - relativedelta(months=back)
                wanted = sum(
                    self._amount(record)
                    for record in self._bills()
                    if self._what_it_is(record) == bar["state"]
                    and self._is_of(record, first)
                )
                _model, footer, _count = self._list(self.first, month["name"])
                self.assertAlmostEqual(month["value"], wanted, 2)
                self.assertAlmostEqual(month["value"], footer, 2)
                drawn += bool(month["value"])
        self.assertGreater(drawn, 3)

    def test_analyses_count_the_same_bills(self):
        in_odoo = [r for r in self._bills() if r.res_id]
        bills = self.env["account.move"].union(*map(self._bill, in_odoo))
        for state in ("posted", "draft"):
            mine = bills.filtered(lambda bill, state=state: bill.state == state)
            spent = mine.line_ids.filtered(
                lambda line: (
                    line.account_id.account_type != "liability_payable"
                    and not line.tax_repartition_line_id.account_id
                )
            )
            domain = [("is_from_procurify", "=", True), ("state", "=", state)]
            found = self._amount_of("procurify.spend", domain)
            self.assertTrue(found, state)
            self.assertAlmostEqual(found, sum(spent.mapped("balance")), 2, state)
        posted = bills.filtered(lambda bill: bill.state == "posted")
        self.assertAlmostEqual(
            self._amount_of("procurify.payable", [("is_from_procurify", "=", True)]),
            -sum(posted.mapped("amount_residual_signed")),
            2,
        )
        cycles = self.env["procurify.cycle"].search([])
        self.assertEqual(sorted(cycles.move_id.ids), sorted(bills.ids))
        self.assertEqual(len(cycles), len(in_odoo))

    def test_filters_and_lists_of_signals_count_the_same(self):
        self._run_cron("ir_cron_signals")
        self.env.invalidate_all()
        signals = self.env["procurify.signal"].search([("checked_at", "=", False)])
        self.assertTrue(signals)
        marked = self.env["account.move"].search(
            [("procurify_signal_state", "=", "open")]
        )
        of_bills = signals.filtered("move_id")
        self.assertEqual(sorted(marked.ids), sorted(of_bills.move_id.ids))
        groups = self.env["account.move"].formatted_read_group(
            [("id", "in", self.env["account.move"].search([]).ids)],
            ["procurify_signal_state"],
            ["__count"],
        )
        counts = {g["procurify_signal_state"]: g["__count"] for g in groups}
        self.assertEqual(counts["open"], len(marked))
        on_hold = self.env["procurify.record"].search(
            [("signal_ids", "any", [("checked_at", "=", False)])]
        )
        self.assertEqual(sorted(on_hold.ids), sorted(signals.record_id.ids))

    def _amount_of(self, model, domain):
        [found] = self.env[model].formatted_read_group(domain, [], ["amount:sum"])
        return found["amount:sum"] or 0

    def test_largest_issue_comes_first_with_its_amount(self):
        issues = self._card(self.first)["issues"]

        amounts = []
        for shown in issues:
            issue = self.env["procurify.issue"].browse(shown["id"])
            documents = self.env["procurify.record"].search(
                issue.action_open_records()["domain"]
            )
            amounts.append(sum(documents.mapped("company_amount")))
            self.assertEqual(shown["amount"], self.connection._money(amounts[-1]))
        self.assertEqual(amounts, sorted(amounts, reverse=True))

    def test_original_amounts_stand_beside_those_of_the_company(self):
        figures = {f["name"]: f for f in self._card(self.first)["figures"]}

        self.assertIn("EUR", figures["on_hold"]["originals"])

    def test_rows_of_a_bill_add_up_to_it(self):
        shares = self.env["procurify.share"]
        for record in self._bills():
            mine = shares.search([("record_id", "=", record.id)])
            self.assertAlmostEqual(
                sum(mine.mapped("original_amount")), record.remote_amount, 1
            )
            self.assertEqual(sum(mine.mapped("document_count")), 1)

    # === CHECKLIST === #

    def test_shares_that_are_added_up_at_once_are_those_of_each_document(self):
        shares = self.env["procurify.share"]
        open_ones = [("document_state", "in", ("on_hold", "draft"))]
        for domain in ([], open_ones, [*open_ones, ("department_id", "!=", False)]):
            rows = shares.search(domain)
            for names in (["department_id"], ["location_id", "currency"]):
                with self.subTest(domain=domain, names=names):
                    self._assert_sums(shares, domain, names, rows)

    def test_each_status_finds_the_documents_that_show_it(self):
        rows = self.env["procurify.share"].search([])
        for states in (["on_hold"], ["queued"], ["draft", "queued"], ["posted"]):
            with self.subTest(states=states):
                for domain, shown in (
                    ([("document_state", "in", states)], True),
                    ([("document_state", "not in", states)], False),
                    (["!", ("document_state", "in", states)], False),
                ):
                    mine = rows.filtered(
                        lambda row, s=states, x=shown: (row.document_state in s) == x
                    )
                    self.assertTrue(mine)
                    self.assertEqual(rows.search(domain), mine)

    def _assert_sums(self, shares, domain, names, rows):
        sums = ["amount:sum", "original_amount:sum", "document_count:sum", "__count"]
        groups = shares._read_group(domain, names, sums)
        self.assertGreater(len(groups), 1)
        for group in groups:
            values, found = group[: len(names)], group[len(names) :]
            mine = rows.filtered(
                lambda row, v=values: all(
                    row[n] == x for n, x in zip(names, v, strict=True)
                )
            )
            wanted = [
                sum(mine.mapped(name))
                for name in ("amount", "original_amount", "document_count")
            ]
            for one, other in zip(found, [*wanted, len(mine)], strict=True):
                self.assertAlmostEqual(float(one), other, 2)
        self.assertEqual(sum(group[-1] for group in groups), len(rows))

    def test_counts_are_whole_numbers(self):
        card = self._card(self.first)

        counts = [figure["count"] for figure in card["figures"]]
        counts += [
            cell["count"]
            for row in card["ages"]["rows"]
            for cell in row["cells"]
            if cell
        ]
        self.assertTrue(any(counts))
        self.assertEqual({type(count) for count in counts}, {int})
        texts = [check["text"] for check in card["checks"] if check["code"] == "issues"]
        self.assertRegex(texts[0], r"^\d+ bills, ")

    def test_open_checks_lead_to_what_is_left(self):
        checks = {c["code"]: c for c in self._card(self.first)["checks"]}

        self.assertFalse(checks["issues"]["done"])
        self.assertFalse(checks["drafts"]["done"])
        action = self._open(self.first, "check/drafts")
        drafts = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(set(drafts.mapped("state")), {"draft"})
        expected = [
            record
            for record in self._bills()
            if self._what_it_is(record) == "draft"
            and self._is_up_to(record, self.first)
        ]
        self.assertEqual(len(drafts), len(expected))
        for code, check in checks.items():
            if check["button"] and code != "synced":
                self.assertTrue(self._open(self.first, f"check/{code}")["res_model"])

    def test_checks_are_done_once_everything_is(self):
        month = self.first - relativedelta(months=1)
        bills = [r for r in self._bills() if self._is_up_to(r, month)]
        for record in bills:
            if self._what_it_is(record) == "draft":
                self._bill(record).action_post()
            elif self._what_it_is(record) != "posted":
                record.sudo().write({"state": "ignored", "issue_ids": [(5,)]})
        self.connection.stream_ids.sudo().write(
            {
                "last_success": fields.Datetime.now(),
                "complete_at": fields.Datetime.now(),
            }
        )
        self.env["procurify.certificate"]._certify(
            self.connection, month, self.first - timedelta(days=1)
        )

        checks = {c["code"]: c["done"] for c in self._card(month)["checks"]}

        open_checks = {code for code, is_done in checks.items() if not is_done}
        self.assertLessEqual(open_checks, {"accruals", "certificate"})

    # === RIGHTS AND QUERIES === #

    def test_month_that_is_none_is_this_one(self):
        for text in ("", "2026-13", "x", 5, None):
            card = self.connection.with_context(procurify_month=text)
            self.assertEqual(json.loads(card.dashboard)["month"], f"{self.first:%Y-%m}")

    def test_opens_on_the_month_that_is_being_closed(self):
        self.connection.close_days_after = 5
        for today, month in (
            ("2026-11-30", "2026-11"),
            ("2026-12-01", "2026-11"),
            ("2026-12-05", "2026-11"),
            ("2026-12-06", "2026-12"),
            ("2027-01-02", "2026-12"),
        ):
            with self.subTest(today), freeze_time(f"{today} 12:00:00"):
                self.assertEqual(self.connection._opens_on(), month)

    def test_opens_on_this_month_without_days_of_a_close(self):
        self.connection.close_days_after = 0
        with freeze_time("2026-12-01 12:00:00"):
            self.assertEqual(self.connection._opens_on(), "2026-12")

    def test_reviewer_of_another_company_counts_nothing(self):
        other = self.env["res.company"].create({"name": "Another company"})
        reviewer = new_test_user(
            self.env,
            "elsewhere",
            groups="procurify_connector.group_user",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        for model in ("procurify.share", "procurify.accrual"):
            self.assertTrue(self.env[model].search([]))
            self.assertFalse(self.env[model].with_user(reviewer).search([]))

    def test_queries_grow_with_neither_documents_nor_cards(self):
        before = self._queries(self.connection)
        self.assertLess(before, 60)
        others = self.connection.create(
            [
                {
                    "name": f"Another {number}",
                    "company_id": self.company.id,
                    "base_url": "https://another.example",
                    "user_id": self.env.uid,
                }
                for number in range(5)
            ]
        )

        self.assertLessEqual(self._queries(self.connection | others), before + 2)

    def test_reminders_name_the_bills_and_amounts_of_the_count(self):
        reviewer = self._reviewer(self.company)
        reviewer.write(
            {
                "email": "reviewer@acme.example",
                "procurify_remind_amount": 0.01,
                "procurify_remind_hold_days": 0,
                "procurify_remind_due_days": 10,
            }
        )
        self.connection.sudo().responsible_id = reviewer
        expected = self._worth_a_reminder(until=fields.Date.today() + timedelta(10))

        self._run_cron("ir_cron_reminders")

        everything = self.env["procurify.reminder"].sudo()
        reminders = everything.search([("user_id", "=", reviewer.id)])
        found = {(reminder.record_id, reminder.reason) for reminder in reminders}
        self.assertEqual(found, expected)
        self.assertEqual({reason for _record, reason in expected}, {"amount", "due"})
        for reminder in reminders.with_user(reviewer):
            record = reminder.record_id
            stated = json.loads(record.sudo().payload)["total_cost_with_tax"]
            self.assertAlmostEqual(abs(reminder.amount), abs(float(stated)), 2)
            if reminder.reason == "amount":
                amount = self.connection._money(self._amount(record.sudo()))
                self.assertIn(amount, reminder.display_name)
        mails = self.env["mail.mail"].sudo()
        [mail] = mails.search([("email_to", "ilike", reviewer.email)])
        bills = {record for record, _reason in expected}
        self.assertIn(f" {len(bills)} ", mail.subject)
        for record in bills:
            self.assertIn(record.name, mail.body_html)

    def _worth_a_reminder(self, until):
        """Return {(record, reason)}: on hold, or a bill in the making that is due."""
        found = set()
        for record in self._bills():
            kind = self._what_it_is(record)
            due = date.fromisoformat(json.loads(record.payload)["due_date"][:10])
            if kind == "on_hold":
                found.add((record, "amount"))
            if kind in ("on_hold", "draft") and due <= until:
                found.add((record, "due"))
        return found

    def test_reviewer_without_rights_on_items_sees_whose_amounts_are_shown(self):
        reviewer = new_test_user(
            self.env,
            "blind",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )

        notes, labels = {}, {}
        for user in (self.env.user, reviewer):
            self.env.invalidate_all()
            mine = self.connection.with_user(user)
            notes[user] = json.loads(mine.dashboard)["note"]
            shown = self.env["procurify.share"].with_user(user).fields_get(["amount"])
            labels[user] = shown["amount"]["string"]

        self.assertFalse(notes[self.env.user])
        self.assertIn("Procurify's", notes[reviewer])
        self.assertEqual(labels[self.env.user], "Amount")
        self.assertEqual(labels[reviewer], "Amount by Procurify")

    # === WHAT IS SHOWN === #

    def _reviewer(self, company):
        return new_test_user(
            self.env,
            f"reviewer of {company.name}",
            groups="procurify_connector.group_user,account.group_account_readonly,"
            "purchase.group_purchase_user",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )

    def _card(self, month):
        connection = self.connection.with_context(procurify_month=f"{month:%Y-%m}")
        connection.invalidate_recordset(["dashboard", "dashboard_chart"])
        chart = json.loads(connection.dashboard_chart)
        return json.loads(connection.dashboard) | {"chart": chart}

    def _open(self, month, name):
        return self.connection.with_context(
            procurify_month=f"{month:%Y-%m}", procurify_dashboard=name
        ).action_open_dashboard()

    def _list(self, month, name):
        """Return what the list behind a figure shows: model, footer, documents."""
        action = self._open(month, name)
        groups = (
            self.env[action["res_model"]]
            .with_context(**action["context"])
            .formatted_read_group(
                action["domain"],
                action["context"]["group_by"],
                ["amount:sum", "document_count:sum"],
            )
        )
        return (
            action["res_model"],
            sum(group["amount:sum"] or 0 for group in groups),
            sum(group["document_count:sum"] for group in groups),
        )

    def _check(self, month, figure, expected):
        model, footer, count = self._list(month, figure["name"])
        self.assertAlmostEqual(figure["value"], footer, 2)
        self.assertEqual(figure["count"], count)
        if model == "procurify.share":
            self.assertEqual(count, len(expected))
            self.assertAlmostEqual(footer, sum(map(self._amount, expected)), 2)

    def _queries(self, connections):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        connections.mapped("dashboard")
        return self.env.cr.sql_log_count - before

    # === AN INDEPENDENT COUNT === #

    def _bills(self):
        return self._records("bill")

    def _bill(self, record):
        return self.env["account.move"].browse(record.res_id)

    def _what_it_is(self, record):
        if record.state != "done":
            return _IMPORT[record.state]
        return _ODOO[self._bill(record).state]

    def _amount(self, record):
        if record.state == "done":
            return -self._bill(record).amount_total_signed
        currency = self.env["res.currency"].search(
            [("name", "=", record.remote_currency)]
        )
        return currency._convert(
            record.remote_amount,
            self.company.currency_id,
            self.company,
            record.remote_date,
        )

    def _day(self, record):
        return date.fromisoformat(json.loads(record.payload)["invoice_date"][:10])

    def _is_of(self, record, month):
        return self._day(record).replace(day=1) == month

    def _is_up_to(self, record, month):
        return self._day(record).replace(day=1) <= month

    def _count(self, month):
        found = defaultdict(list)
        for record in self._bills():
            kind = self._what_it_is(record)
            is_in = self._is_up_to if kind in OPEN else self._is_of
            if is_in(record, month):
                found[kind].append(record)
        return found

    def _count_by(self, month, dimension):
        """Return {(kind, id of the place): amount}, split as the payload says."""
        places = {record.external_id: record.id for record in self._records(dimension)}
        found = defaultdict(float)
        for kind, records in self._count(month).items():
            for record in records:
                nets = self._nets(record, dimension)
                for external_id, net in nets.items():
                    share = net / sum(nets.values())
                    place = places.get(external_id, 0)
                    found[kind, place] += self._amount(record) * share
        return found

    @staticmethod
    def _nets(record, dimension):
        nets = defaultdict(float)
        for item in json.loads(record.payload)["items"]:
            weights = [float(a["amount"]) for a in item["cost_allocations"]]
            for allocation, weight in zip(
                item["cost_allocations"], weights, strict=True
            ):
                department = allocation["budget"]["department"]
                place = (
                    department if dimension == "department" else department["branch"]
                )
                share = float(item["total_cost"]) * weight / sum(weights)
                nets[str(place["id"])] += share
        return nets


@tagged("post_install", "-at_install", "procurify")
class TestMonthEndLooks(ProcurifyCommon, LooksCase):
    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def test_footer_of_each_list_is_the_amount_that_opened_it(self):
        add_documents(self.dataset)
        self._synchronise()
        done = self._records("bill").filtered(lambda record: record.state == "done")
        for record in done[::2]:
            self.env["account.move"].browse(record.res_id).action_post()

        with self._watching(dark=True):
            self.start_tour(
                "/odoo/procurify",
                "procurify_close_month",
                login=self.env.user.login,
                timeout=180,
            )
