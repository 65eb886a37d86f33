"""What Odoo, another addon or the database refuses: tried in parts, shown in words."""

import psycopg2
import psycopg2.errors

from odoo.exceptions import (
    AccessError,
    ConcurrencyError,
    RedirectWarning,
    UserError,
)

from ..tools.concurrency import mute_sql_errors
from .draft import BatchRefused, BookedOtherwise

TOO_LARGE = (
    psycopg2.errors.ProgramLimitExceeded,
    psycopg2.errors.StatementTooComplex,
)
_LONGEST = 500  # characters of an error that nobody wrote for people


def is_of_the_database(error):
    """Return whether no document is at fault: a concurrent change, a lost server.

    A value that is too large for the database is an OperationalError as well.
    """
    if isinstance(error, psycopg2.OperationalError):
        return not isinstance(error, TOO_LARGE)
    return isinstance(error, ConcurrencyError)


def tried(env, items, act):
    """Do ``act(items)`` in a savepoint; where that fails, do it in smaller parts.

    :param items: list; ``act`` takes any part of it
    :returns: {item: the error with which it failed on its own}
    :raises BatchRefused: as ``act`` raises it: the whole batch is taken back
    """
    if not items:
        return {}
    try:
        with mute_sql_errors(psycopg2.IntegrityError), env.cr.savepoint():
            act(items)
    except BatchRefused:
        raise
    except Exception as error:  # noqa: BLE001 -- whatever an addon may raise
        if is_of_the_database(error):
            raise
        if len(items) == 1:
            return {items[0]: error}
        middle = len(items) // 2
        return tried(env, items[:middle], act) | tried(env, items[middle:], act)
    return {}


def is_refused(errors):
    """Return whether something was booked otherwise than it was meant.

    :param errors: what ``tried`` returns
    :raises Exception: the first error of another kind
    """
    for error in errors.values():
        if not isinstance(error, BookedOtherwise):
            raise error
    return bool(errors)


def refusal(env, error):
    """Return (code of the issue, what it says in words) of an exception."""
    if isinstance(error, AccessError):
        return "access_denied", str(error)
    if isinstance(error, UserError):
        return "odoo_refused", str(error)
    if isinstance(error, RedirectWarning):
        return "odoo_refused", str(error.args[0])
    if isinstance(error, psycopg2.IntegrityError):
        return "odoo_refused", _constraint_text(env, error)
    text = str(error).strip() or type(error).__name__
    return "unexpected", text[:_LONGEST]


def _constraint_text(env, error):
    """Return what Odoo would show a person whom the database refuses something."""
    table = error.diag.table_name
    model = next(
        (name for name, cls in env.registry.items() if cls._table == table), "base"
    )
    return env[model]._sql_error_to_message(error).strip()
