"""Whatever Procurify sends: it is staged as it came, and ends in a named state."""

import hashlib
import json
import os
from contextlib import contextmanager
from decimal import Decimal

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged

from odoo.addons.procurify_connector.fetching.lists import NAMELESS
from odoo.addons.procurify_connector.fetching.tenant import open_client
from odoo.addons.procurify_connector.procurify import (
    RESOURCES,
    ProcurifyError,
    clean_text,
    read_json,
    read_stored,
)
from odoo.addons.procurify_connector.procurify.tests.mutations import (
    Literal,
    Twice,
    damaged,
    dump,
    values,
)
from odoo.addons.procurify_connector.simulator import resources as served
from odoo.addons.procurify_connector.simulator.bill_documents import BillRenderer
from odoo.addons.procurify_connector.simulator.order_documents import OrderRenderer

from .oracle import OracleCase, money

EXAMPLES = int(os.environ.get("PROCURIFY_FUZZ_EXAMPLES") or 0) or (
    200 if os.environ.get("PROCURIFY_FUZZ") else 3
)
# More than an index of PostgreSQL takes, and not to be compressed.
LONG = "".join(chr(0x4E00 + (n * 7919) % 20000) for n in range(3000))
OTHERS = 2  # sound objects beside a damaged one
LONGEST_ID = 200  # characters

reproducible = settings(
    max_examples=EXAMPLES,
    derandomize=not os.environ.get("PROCURIFY_FUZZ_EXAMPLES"),
    database=None,
    deadline=None,
    # A smaller example is not worth minutes of imports.
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


@tagged("post_install", "-at_install", "procurify")
class TestFuzz(OracleCase):
    bills = 12
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.connection.requisition_policy = "rfq"

    def test_damaged_objects_are_staged_and_end_in_a_named_state(self):
        for name in RESOURCES:
            rows = self._sound(name)
            with self.subTest(resource=name):
                self._check_damage(name, rows[: OTHERS + 1])

    def test_what_no_column_or_index_holds_is_staged_or_refused(self):
        cases = [
            ("vendor", {"dateModified": "9999-12-31T23:00:00Z"}, None),
            ("vendor", {"dateModified": "0001-01-01T00:00:00Z"}, None),
            ("vendor", {"name": "x"}, 10**12),
            ("vendor", {"id": LONG}, None),
            ("vendor", {"id": "\0"}, None),
            ("vendor", {"payment_term_ref": {"name": LONG}}, None),
            ("bill", {"last_modified_datetime": "9999-12-31T23:00:00Z"}, None),
            ("bill", {"last_modified_datetime": "0001-01-01T00:00:00Z"}, None),
            ("bill", {"uuid": LONG}, None),
            ("bill", {"uuid": "\ud800"}, None),
            ("bill", {"group": int("9" * 4000)}, None),
            ("bill", {"payment_terms": LONG}, None),
            ("bill", {"note": Literal("1E+999999999999999999999")}, None),
            ("purchase_order", {"uuid": LONG}, None),
        ]
        for name, changes, count in cases:
            rows = self._sound(name)[: OTHERS + 1]
            document = rows[0][1] | changes
            rows[0][0] |= {k: v for k, v in changes.items() if k in rows[0][0]}
            with self.subTest(name=name, field=list(changes)), self._taken_back():
                self._live(name, self._serve(name, document, rows, False, count))

    def test_a_bill_that_carries_the_uuid_of_another_one_is_staged(self):
        rows = self._sound("bill")[: OTHERS + 1]
        self._live("bill", self._serve("bill", rows[0][1], rows, False, None))
        twin = {"uuid": rows[1][1]["uuid"], "group": rows[1][1]["group"]}
        rows[0][0] |= twin
        document = rows[0][1] | twin

        self._live("bill", self._serve("bill", document, rows, False, None))

        self.assertEqual(len(self._records("bill")), len(rows))

    def _check_damage(self, name, rows):
        @reproducible
        @given(damaged(rows[0][1]), st.booleans(), st.none() | values)
        def check(document, is_twin, count):
            with self._taken_back():
                self._live(name, self._serve(name, document, rows, is_twin, count))

        check()

    @contextmanager
    def _taken_back(self):
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _sound(self, name):
        """Return (row, detail) pairs of objects as Procurify has them."""
        described = RESOURCES[name]
        listed = served.RESOURCES[described.list_path]
        renderers = {"bill": BillRenderer, "purchase_order": OrderRenderer}
        pairs = []
        for row in listed.rows(self.dataset):
            whole = detail = listed.render(self.dataset, row)
            if name in renderers:
                detail = renderers[name](self.dataset).detail(row)
            pairs.append(json.loads(json.dumps((whole, detail))))
        return pairs

    # === SERVING === #

    def _serve(self, name, document, rows, is_twin, count):
        """Serve a page with a damaged object, and sound ones beside it.

        :returns: the objects that must be staged, or set aside, if the page is
        """
        described = RESOURCES[name]
        self.simulator.faults.clear()
        row = rows[0][0]
        if not described.detail_path:
            row = document
        elif described.key in document:
            row = row | {described.key: document[described.key]}
        twins = [row | {"twin": "of the first"}] if is_twin else []
        page = [row, *(other for other, _detail in rows[1:]), *twins]
        texts = [dump(each) for each in page]
        said = dump({"count": len(page) if count is None else count, "num_pages": 1})
        listed = f'{{"metadata":{{"pagination":{said}}},"data":[{",".join(texts)}]}}'
        for path in {described.list_path, *(v.list_path for v in described.variants)}:
            if path:
                self.simulator.faults.add(path, "body", body=listed, times=None)
        if not described.detail_path:
            return page
        sent = dump(document)
        answer = f'{{"metadata":{{}},"data":{sent}}}'
        # The client asks by what the row says, and the simulator knows the rest.
        for detail_id in described.detail_ids(rows[0][0]):
            path = described.detail_path.format(id=detail_id)
            self.simulator.faults.add(path, "body", body=answer, times=None)
        if document.get(described.key) == rows[0][0][described.key]:
            return [document]
        # The list row of a damaged id may lead to another object, or to none; one
        # without any is not asked for.
        return [each for each in (row, *twins) if not _key(each.get(described.key))]

    # === LIVING === #

    def _live(self, name, sent):
        stream = self.connection.sudo().stream_ids.filtered(
            lambda s: s.resource == name
        )
        stream.write(stream._closed_scan_values())
        before = stream.modified_watermark
        aside = self._records().browse()
        try:
            with open_client(self.connection) as client:
                for _page in stream._fetch(client):
                    self.env.flush_all()
            self._assert_staged(name, sent)
            aside = self._set_aside(name, sent)
        except ProcurifyError:
            self.assertEqual(stream.modified_watermark, before)
        seen = stream.modified_watermark
        self.assertTrue(not seen or seen <= fields.Datetime.now(), "a stamp to come")
        stream._window(RESOURCES[name])
        self._settle()
        self._assert_named(name)
        for record in aside:
            self.assertEqual(record.state, "quarantined")
            self.assertIn("unreadable", self._codes(record), record.hold_reason)
            self.assertIn(record.display_name, record.hold_reason)

    def _settle(self):
        for _run in range(6):
            pending = self._records(state="pending")
            if not pending:
                return
            pending.sudo()._import()
            self.env.flush_all()
        self.assertFalse(self._records(state="pending"), "it never comes to rest")

    def _assert_staged(self, name, sent):
        """Check that what can be read is staged, as the last that came for its id."""
        resource = RESOURCES[name]
        objects = [read_stored(dump(each), resource) for each in sent]
        sound = {o.external_id: o.digest for o in objects if o}
        rows = self._records(name).filtered(lambda r: r.external_id in sound)
        staged = {r.external_id: read_stored(r.payload, resource).digest for r in rows}
        self.assertEqual(staged, sound)

    def _set_aside(self, name, sent):
        """Return the record of each object that cannot be read: there must be one."""
        resource = RESOURCES[name]
        records = self._records(name).filtered("read_error")
        aside = records.browse()
        for document in sent:
            if read_stored(dump(document), resource):
                continue
            ids = _ids_aside(document, resource.key)
            record = records.filtered(lambda r, ids=ids: r.external_id in ids)
            self.assertEqual(len(record), 1, f"{ids}: one record")
            aside |= record
        return aside

    def _assert_named(self, name):
        records = self._records()
        states = set(records.mapped("state"))
        self.assertLessEqual(states, {"done", "quarantined", "excluded", "waiting"})
        for record in records.filtered(lambda r: r.state == "quarantined"):
            self.assertTrue((record.hold_reason or "").strip(), record.payload)
        for record in self._records("bill", state="done"):
            told = read_json(record.payload)
            move = self.env["account.move"].browse(record.res_id)
            total = abs(Decimal(str(told["total_cost_with_tax"] or 0)))
            self.assertEqual(money(move.amount_total), money(total), record.payload)


def _key(value):
    """Return the id that stands in a document as ``value``; None if it is no id."""
    if isinstance(value, Twice):
        value = value[-1]
    try:
        value = json.loads(dump(value))
    except RecursionError:
        return None
    is_id = isinstance(value, (int, str)) and not isinstance(value, bool)
    text = str(value) if is_id else ""
    is_usable = 0 < len(text) <= LONGEST_ID and clean_text(text) == text
    return text if is_usable else None


def _ids_aside(document, key):
    """Return the ids that a document on hold may have if it cannot be read."""
    value = document.get(key)
    if found := _key(value):
        return {found}
    text = dump(document)
    nameless = f"{NAMELESS}{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    # Where the last of two ids cannot even be parsed, the first one may serve.
    former = _key(value[0]) if isinstance(value, Twice) else None
    return {nameless, former} - {None}
