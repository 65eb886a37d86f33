"""The filter of handled conflicts lets every other message pass as it is."""

import logging

from psycopg2 import OperationalError
from psycopg2.errors import SerializationFailure

from odoo.tests import BaseCase, tagged

from odoo.addons.procurify_connector.tools.concurrency import mute_sql_errors


@tagged("post_install", "-at_install", "procurify")
class TestLogFilter(BaseCase):
    def test_a_message_without_arguments_is_logged(self):
        """So is that of a lost connection: the outage is reported, not the filter."""
        logger = logging.getLogger("odoo.sql_db")
        for arguments in ((), ({},), ("text",), (OperationalError("gone"),)):
            with self.subTest(arguments=arguments):
                record = logger.makeRecord(
                    logger.name, logging.ERROR, "", 0, "lost", arguments, None
                )
                with mute_sql_errors(SerializationFailure):
                    self.assertTrue(logger.filter(record))

    def test_a_conflict_that_is_handled_is_not_logged(self):
        logger = logging.getLogger("odoo.sql_db")
        record = logger.makeRecord(
            logger.name, logging.ERROR, "", 0, "%s", (SerializationFailure(),), None
        )
        with mute_sql_errors(SerializationFailure):
            self.assertFalse(logger.filter(record))
        self.assertTrue(logger.filter(record))
