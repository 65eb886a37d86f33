"""What the jobs ask the database where nothing is new, as most of the time."""

from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestIdleRuns(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.dataset.add_bill("untaxed")
        self._synchronise()
        self._synchronise()
        # What is on hold would be tried again: to Odoo, the test's own data is new.
        self._records(state="quarantined").action_ignore()
        self._run_cron("ir_cron_import")

    def _queries(self, job):
        """Return the queries of a run of this job."""
        queries = []
        execute = Cursor.execute

        def note(cursor, query, params=None, log_exceptions=True):
            queries.append(getattr(query, "code", query))
            return execute(cursor, query, params, log_exceptions)

        with patch.object(Cursor, "execute", note):
            self._run_cron(job)
        return queries

    def test_fetch_asks_little_of_each_list(self):
        streams = len(self.connection.stream_ids)
        self.simulator.clear_requests()
        queries = self._queries("ir_cron_fetch")

        self.assertGreaterEqual(len(self.simulator.requests), streams, "all are read")
        of_odoo = [q for q in queries if "ir_cron" in q]
        self.assertLessEqual(len(of_odoo), 25, "\n".join(of_odoo))
        self.assertLessEqual(len(queries), 60 + 8 * streams, "\n".join(queries))

    def test_import_asks_little(self):
        queries = self._queries("ir_cron_import")

        self.assertLessEqual(len(queries), 50, "\n".join(queries))
