"""Make companies with a chart of accounts that the tests take, each in its rollback.

Runs inside of ``odoo shell``, which hands over ``env``. ``tests/common.py`` finds them
by their names.
"""

from importlib import import_module
from typing import Any

#: As many as one test needs: its own company, and those beside it.
COUNT = 3
NAME = "Prepared for tests {}"


def make_companies(env: Any) -> None:
    """Create them as Odoo's own tests create theirs."""
    case = import_module("odoo.addons.account.tests.common").AccountTestInvoicingCommon
    # What creates a company there is a method of the class.
    context = case.default_env_context()
    maker: Any = type("Maker", (case,), {"env": env(context=context)})
    before = env.user.company_ids
    # Only in a test does Odoo Inventory make a warehouse for each new company.
    modules: Any = import_module("odoo.modules.module")
    modules.current_test = maker
    for number in range(1, COUNT + 1):
        maker._create_company(name=NAME.format(number))
    modules.current_test = False
    env.user.company_ids = before
    env.cr.commit()
