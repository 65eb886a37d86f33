"""What several workers and people do to each other's transactions."""

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
        yield
    except UniqueViolation as error:
        raise ConcurrencyError(str(error)) from error
