"""Figure g: several import workers on one database."""

import time
from pathlib import Path

from . import company, importing


def stage(env, count, start):
    """Stage ``count`` bills for the workers."""
    company.copy_bills(env, company.template_bill(env), count, start, company.PENDING)
    env.cr.commit()
    env.cr.execute("ANALYZE procurify_record")
    env.cr.commit()


def work(env, ready, go):
    """Import until nothing is left, from the moment on that the file ``go`` is there.

    :param ready: file that says that this process has loaded everything
    :returns: when this worker began and ended, by the system's clock
    """
    env["account.move"].search([], limit=1).read()
    env.cr.rollback()
    Path(ready).touch()
    while not Path(go).exists():
        time.sleep(0.01)
    started = time.time()
    records = env["procurify.record"]
    while records.search_count([("state", "=", "pending")], limit=1):
        records._cron_import()
        env.cr.commit()
    ended = time.time()
    copies = records.search([("resource", "=", "bill"), ("name", "=like", "C-%")])
    # Those of the batches were set aside.
    importing.check_imported(copies.filtered(lambda copy: copy.state != "ignored"))
    return {"began": started, "ended": ended}
