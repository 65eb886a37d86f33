"""Writing for real, and taking all of it back: what an import would do."""

from contextlib import contextmanager

from odoo.tools.misc import Callbacks

from ..tools.private import Private

# What is written now is taken back: a number that is drawn never is.
is_trial = Private("procurify_dry_run", default=False)


@contextmanager
def trial(env):
    """Take back everything that is written inside, whatever comes of it.

    What is done at the end of a transaction (mail, waking a scheduled action) is not
    done for what is written inside. Read what you want to know before you leave.
    """
    cursor = env.cr
    afterwards = cursor.postcommit
    with cursor.savepoint() as savepoint, is_trial.set(True):
        cursor.postcommit = Callbacks()
        try:
            yield
        finally:
            cursor.postcommit = afterwards
            savepoint.rollback()
