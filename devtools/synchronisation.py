"""Time one whole synchronisation, inside of ``odoo shell``, which gives ``env``."""

import json
import time
from typing import Any


def measure(env: Any, credentials: dict[str, str]) -> None:
    """Connect, run the real crons until nothing is left, and print how long it took."""
    plans = env["account.analytic.plan"].search([])
    env["procurify.connection"].create(
        {
            "name": "Benchmark",
            **credentials,
            "user_id": env.ref("base.user_admin").id,
            "department_plan_id": plans.filtered(lambda p: p.name == "Departments").id,
            "location_plan_id": plans.filtered(lambda p: p.name == "Locations").id,
        }
    )
    env.cr.commit()
    records = env["procurify.record"]
    fetching = _timed(env, "ir_cron_fetch")
    staged = records.search_count([])
    importing = 0.0
    while undone := records.search_count([("state", "in", ("pending", "waiting"))]):
        importing += _timed(env, "ir_cron_import")
        if records.search_count([("state", "in", ("pending", "waiting"))]) == undone:
            raise RuntimeError(f"The import leaves {undone} records undone.")
    result = {
        "fetch": {"objects": staged, "seconds": round(fetching, 3)},
        "import": {
            "objects": staged,
            "bills": records.search_count([("resource", "=", "bill")]),
            "seconds": round(importing, 3),
        },
    }
    print(json.dumps(result))


def _timed(env: Any, cron: str) -> float:
    """Run a cron to its end and return the seconds that it took."""
    started = time.perf_counter()
    env.ref(f"procurify_connector.{cron}").method_direct_trigger()
    seconds = time.perf_counter() - started
    # A new transaction, which sees what the cron has committed in its own.
    env.cr.rollback()
    return seconds
