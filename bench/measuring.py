"""Clocks and medians, for what runs inside of Odoo."""

import gc
import statistics
import time
from contextlib import contextmanager

from odoo.tools import SQL


def timed(env, work):
    """Return the seconds that ``work`` takes with all that it makes Odoo write."""
    env.flush_all()
    env.invalidate_all()
    gc.collect()
    started = time.perf_counter()
    work()
    env.flush_all()
    return time.perf_counter() - started


def timed_and_taken_back(env, work, check=lambda: None):
    """Do as :func:`timed`, and leave nothing of it.

    :param check: called before the work is rolled back; raises if it was not done
    """
    with env.cr.savepoint() as savepoint:
        seconds = timed(env, work)
        check()
        savepoint.rollback()
    env.invalidate_all()
    return seconds


def tidy(env, rewritten=None):
    """Let PostgreSQL know what is in its tables, and forget what was taken back.

    It would plan Odoo's queries by what rolled back rounds left behind.

    :param rewritten: a table all of whose rows were changed; written once more, it has
        no holes
    """
    env.cr.commit()
    with env.registry.cursor() as cr:
        cr._cnx.autocommit = True
        if rewritten:
            cr.execute(SQL("VACUUM FULL %s", SQL.identifier(rewritten)))
        cr.execute("VACUUM ANALYZE")


def median(values):
    """Return the median, rounded to what a figure means."""
    return round(statistics.median(values), 4)


@contextmanager
def statements(cr):
    """Collect the SQL that is executed in the block."""
    found, execute = [], type(cr).execute

    def noted(cursor, query, params=None, log_exceptions=True):
        found.append(query.code if isinstance(query, SQL) else str(query))
        return execute(cursor, query, params, log_exceptions)

    type(cr).execute = noted
    try:
        yield found
    finally:
        type(cr).execute = execute
