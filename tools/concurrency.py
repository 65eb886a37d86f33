"""Conflicts between the transactions of several workers and users."""

import logging
import threading
from contextlib import contextmanager

from psycopg2.errors import UniqueViolation

from odoo.exceptions import ConcurrencyError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

# Errors of a conflict, which another attempt does not meet.
CONCURRENCY_ERRORS = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)


@contextmanager
def created_once():
    """Create rows of the connector that another worker may be creating right now.

    PostgreSQL reports a duplicate to the second worker, not a conflict. The row of the
    first one is visible when the transaction is tried again.

    :raises ConcurrencyError: another worker was faster
    """
    try:
        with mute_sql_errors(UniqueViolation):
            yield
    except UniqueViolation as error:
        raise ConcurrencyError(str(error)) from error


@contextmanager
def mute_sql_errors(*errors):
    """Do not log ``errors`` of SQL statements of this thread, because they are handled.

    Odoo would log the whole statement, payloads included.
    """
    logger, filter_ = logging.getLogger("odoo.sql_db"), _ErrorFilter(errors)
    logger.addFilter(filter_)
    try:
        yield
    finally:
        logger.removeFilter(filter_)


class _ErrorFilter(logging.Filter):
    """Drops messages of this thread about some errors."""

    def __init__(self, errors):
        super().__init__()
        self.errors, self.thread = errors, threading.get_ident()

    def filter(self, record):
        args = record.args
        error = args[-1] if args and isinstance(args, tuple) else None
        return not (record.thread == self.thread and isinstance(error, self.errors))
