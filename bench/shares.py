"""Where the milliseconds of an imported bill go, by Odoo's own profiler."""

from collections import Counter
from dataclasses import dataclass

from odoo.tools.profiler import PeriodicCollector, Profiler

from . import company
from .importing import check_imported
from .measuring import tidy

INTERVAL_S = 0.001
MOVE = "account/models/account_move.py"
LINE = "account/models/account_move_line.py"
ORM = "odoo/orm/models.py"


@dataclass(frozen=True)
class Part:
    """A part of the work: whatever runs inside of these functions of that file."""

    name: str
    file: str
    functions: tuple[str, ...]

    def has(self, stack):
        """Whether one of the functions is on the stack of a sample."""
        return any(
            function in self.functions and file.endswith(self.file)
            for file, _line, function, _code in stack
        )


#: A sample belongs to the first of them that is on its stack.
PARTS = (
    Part("sql", "odoo/sql_db.py", ("execute",)),
    Part("company_checks", ORM, ("_check_company",)),
    Part("taxes", MOVE, ("_sync_tax_lines",)),
    Part("payable", MOVE, ("_sync_dynamic_line", "_compute_needed_terms")),
    Part("other_synchronisation", MOVE, ("_sync_dynamic_lines", "_check_balanced")),
    Part("values_before_creation", ORM, ("_add_precomputed_values",)),
    Part("lines", LINE, ("create",)),
    Part("header", MOVE, ("create",)),
)
#: What is in none of the parts is the connector's where its importer runs.
REST = "connector"


def measure(env, rounds, start, batch=100):
    """Return the milliseconds of a bill of five lines in each part of its import.

    :param start: how many copies of bills there are already
    """
    company.copy_bills(env, company.template_bill(env), batch, start, company.PENDING)
    records = company.pending(env, "bill", batch)
    spent = Counter()
    for number in range(rounds + 1):
        tidy(env)
        found = _sampled(env, records)
        # The first round fills caches.
        if number:
            spent += found
    records.state = "ignored"
    env.cr.commit()
    names = [*(part.name for part in PARTS), REST]
    return {
        f"bill_ms_{name}": round(spent[name] / rounds / batch * 1000, 2)
        for name in names
    }


def _sampled(env, records):
    """Return {part: seconds} of one import, which is taken back."""
    env.flush_all()
    env.invalidate_all()
    collector = PeriodicCollector(interval=INTERVAL_S)
    with env.cr.savepoint() as savepoint:
        with Profiler(db=None, collectors=[collector], disable_gc=True):
            records._try_import()
            env.flush_all()
        check_imported(records)
        savepoint.rollback()
    env.invalidate_all()
    spent = Counter()
    entries = collector.entries
    for entry, following in zip(entries, entries[1:], strict=False):
        spent[_part(entry["stack"])] += following["start"] - entry["start"]
    return spent


def _part(stack):
    return next((part.name for part in PARTS if part.has(stack)), REST)
