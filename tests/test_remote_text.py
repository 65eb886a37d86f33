"""Text from Procurify stays text, and hidden records are not named."""

import json
import time
from pathlib import Path

from lxml import html

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.fetching.json_text import indented
from odoo.addons.procurify_connector.procurify import content_digest

from .common import ProcurifyCommon

SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(1)>"
LINK = '"><a href="javascript:alert(1)">javascript:alert(1)</a>'
FORMATS = "{{7*7}} {0} {value} %s %(value)s %(nothing)d ${7*7}"
HOSTILE = f"{SCRIPT}{IMAGE}{LINK}{FORMATS}"
STATIC = Path(__file__).parent.parent / "static" / "src"
HUSHED = "Hushed"


@tagged("post_install", "-at_install", "procurify")
class TestRemoteText(ProcurifyCommon):
    master_data_ready = True

    def test_hostile_text_is_shown_and_does_nothing(self):
        booked = self.dataset.add_bill("plain", invoice_number=f"1 {IMAGE}"[:50])
        self.dataset.revise_bill(booked, note=HOSTILE, description=HOSTILE)
        self.dataset.add_attachment(booked, name=f"{IMAGE}.pdf")
        held = self.dataset.add_bill("plain", code="7450")
        self.dataset.revise_bill(held, note=HOSTILE, description=HOSTILE)
        vendor_id = self.dataset.bill(booked).vendor_id
        self.dataset.rename_vendor(vendor_id, HOSTILE[:200])
        self._synchronise()
        self._run_cron("ir_cron_attachments")
        record = self._record("bill", booked)
        self.assertEqual(record.hold_reason, "")
        move = self._move(booked)
        self.assertIn("alert(1)", html.fromstring(move.narration).text_content())

        # A revision of what is posted: a table of differences, and a word on the bill.
        move.action_post()
        self.dataset.revise_bill(booked, description=f"Other {HOSTILE}", unit_cost=3)
        self._synchronise()
        self.assertIn("changed_after_booking", self._codes(record))
        self.assertIn("alert(1)", record.difference_table or "")
        issues = self._records("bill").issue_ids
        issues.user_id = self.env.user
        issues[0].message_post(body=issues[0].display_name)
        record.action_keep_odoo()
        self._record("bill", held).action_ignore(HOSTILE)

        self._assert_harmless()

    def test_links_and_widgets_take_no_markup(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        record = self._record("bill", bill_id)
        record.sudo().remote_uuid = "javascript:alert(1)//../../x"
        base_url = self.simulator.base_url
        self.assertTrue(record.web_url.startswith(f"{base_url}/bills/javascript%3A"))
        sources = [f for f in STATIC.rglob("*") if f.suffix in (".js", ".xml")]
        self.assertTrue(sources)
        for source in sources:
            text = source.read_text()
            for way in ("t-raw", "t-out", "markup(", "innerHTML", "t-att-href"):
                self.assertNotIn(way, text, source.name)

    def _assert_harmless(self):
        """No field of HTML has an element or an address that was in the text."""
        seen = 0
        names = [
            *(name for name in self.env.registry if name.startswith("procurify.")),
            *("account.move", "mail.message", "mail.activity", "res.partner"),
        ]
        for name in names:
            model = self.env[name]
            fields = [f for f in model._fields.values() if f.type == "html"]
            if model._abstract or not fields:
                continue
            for record in model.search([], limit=200, order="id desc"):
                for field in fields:
                    text = record[field.name] or ""
                    seen += "alert(1)" in text
                    self.assertEqual(self._harm(text), [], f"{record} {field.name}")
        self.assertGreater(seen, 4)
        notification = self.connection.action_replay_held()
        self.assertNotIn("message_is_html", notification["params"])

    def _harm(self, text):
        if not text.strip():
            return []
        root = html.fragment_fromstring(text, create_parent=True)
        return [
            html.tostring(element)
            for element in root.iter()
            if element.tag in ("script", "img", "iframe")
            or any(name.startswith("on") for name in element.attrib)
            or "javascript:" in element.get("href", "")
        ]


@tagged("post_install", "-at_install", "procurify")
class TestWhatIsHidden(ProcurifyCommon):
    def test_what_nobody_here_may_see_is_neither_used_nor_shown(self):
        bill_id = self.dataset.add_bill("plain", code="7450")
        vendor = self.dataset.vendor(self.dataset.bill(bill_id).vendor_id)
        partner = self.env["res.partner"].create(
            {
                "name": f"{HUSHED} Holding",
                "email": vendor.email,
                "ref": vendor.external_id,
            }
        )
        account = self.env["account.account"].create(
            {"code": "7450", "name": f"{HUSHED} ledger", "account_type": "expense"}
        )
        for record in (partner, account):
            self.env["ir.rule"].create(
                {
                    "name": f"{record._name} is hidden",
                    "model_id": self.env["ir.model"]._get_id(record._name),
                    "domain_force": f"[('id', '!=', {record.id})]",
                }
            )
        groups = "account.group_account_manager,base.group_partner_manager"
        clerk, reviewer = (
            new_test_user(self.env, login, groups=f"{groups},{more}")
            for login, more in (
                ("clerk", "purchase.group_purchase_user"),
                ("reviewer", "procurify_connector.group_user"),
            )
        )
        (clerk | reviewer).company_ids = self.company
        (clerk | reviewer).company_id = self.company
        self.connection.write({"user_id": clerk.id, "vendor_policy": "hold"})
        self._synchronise()

        bill = self._record("bill", bill_id)
        self.assertLessEqual({"unknown_vendor", "unknown_account"}, self._codes(bill))
        self.assertFalse(
            self._records().filtered(
                lambda r: (
                    (r.res_model, r.res_id)
                    in {(partner._name, partner.id), (account._name, account.id)}
                )
            )
        )
        self.env.invalidate_all()
        told = 0
        for name in sorted(self.env.registry):
            model = self.env[name].with_user(reviewer)
            if not name.startswith("procurify.") or model._abstract:
                continue
            if model.has_access("read"):
                text = str(model.search([]).read())
                told += len(text)
                self.assertNotIn(HUSHED, text, name)
        self.assertGreater(told, 10_000)
        issue = bill.issue_ids.filtered(lambda c: c.code == "unknown_account")
        with self.assertRaises(UserError) as caught:
            issue.with_user(reviewer).action_resolve(account.id)
        self.assertNotIn(HUSHED, str(caught.exception))

    def test_half_a_character_is_shown_as_one_that_is_not_known(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        record = self._record("bill", bill_id)
        self._set_payload(record, '{"note": "x \\ud83d y", "\\udc00": 1}')
        version = self.env["procurify.version"].sudo()
        version._keep(record.sudo())
        self._set_payload(record, '{"note": "x \\ude00 z"}')

        shown = (
            record.payload_text,
            record.version_ids.payload_text,
            record.version_ids.difference_table,
            record.version_ids.change_summary,
        )

        for text in shown:
            self.assertIn("\N{REPLACEMENT CHARACTER}", text)
            text.encode()

    def test_payload_of_thousands_of_escapes_is_shown_at_once(self):
        text = "\\u0000x" * 10_000
        for payload in (f'{{"a": "{text}"}}', f'["{text}", 1.50]'):
            started = time.perf_counter()
            shown = indented(payload)
            self.assertLess(time.perf_counter() - started, 1)
            self.assertEqual(json.loads(shown), json.loads(payload))

    def test_readable_payload_has_every_digit_and_nothing_else(self):
        payload = '{"a":[],"b":{ },"c":[1.500,-2E+5,{"d":"é\\n\\u00e9"}],"e":null}'
        lines = (
            "{",
            '  "a": [],',
            '  "b": {},',
            '  "c": [',
            "    1.500,",
            "    -2E+5,",
            "    {",
            '      "d": "é\\né"',
            "    }",
            "  ],",
            '  "e": null',
            "}",
        )
        self.assertEqual(indented(payload), "\n".join(lines))
        self.assertEqual(indented("no json {"), "no json {")
        self.assertEqual(indented("[" * 5000), "[" * 5000)

    def _set_payload(self, record, payload):
        """Stage a version of the text that is tested."""
        digest = content_digest(payload)
        record.sudo().write({"payload": payload, "digest": digest})
