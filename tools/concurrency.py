"""What several workers and people do to each other's transactions."""

import logging
import threading
from contextlib import contextmanager

from psycopg2.errors import UniqueViolation

from odoo.exceptions import ConcurrencyError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

# Nobody's fault, and gone when it is tried again.
CONCURRENCY_ERRORS = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)


@contextmanager
def created_once():
    """Create rows of the connector that another worker may be creating right now.

    PostgreSQL tells the second one of a duplicate, not of a conflict: the first is
    visible once this transaction is tried again.

    :raises ConcurrencyError: somebody else was faster
    """
    try:
        with untold(UniqueViolation):
            yield
    except UniqueViolation as error:
        raise ConcurrencyError(str(error)) from error


@contextmanager
def untold(*errors):
    """Keep Odoo's SQL layer from logging ``errors`` of this thread, which are handled.

    It would log the whole statement as a failure, payloads included.
    """
    logger, told = logging.getLogger("odoo.sql_db"), _Told(errors)
    logger.addFilter(told)
    try:
        yield
    finally:
        logger.removeFilter(told)


class _Told(logging.Filter):
    """Lets pass what another thread says, and what is about other errors."""

    def __init__(self, errors):
        super().__init__()
        self.errors, self.thread = errors, threading.get_ident()

    def filter(self, record):
        args = record.args
        error = args[-1] if args and isinstance(args, tuple) else None
        return not (record.thread == self.thread and isinstance(error, self.errors))
