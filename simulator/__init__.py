"""A small local Procurify: a test double with a data set of its own.

    with Simulator(bills=60, orders=40, requisitions=15) as simulator:
        connect(simulator.base_url, simulator.client_id, simulator.client_secret)

It powers the demo, the tests, the recorded conversations and the benchmarks, and is no
part of the shipped addon.

What it serves
    Tokens; vendors, account codes, accounts, departments, locations, currencies, the
    catalogue; requisitions, order lines (two lists of them), purchase orders (a list
    for each role and status, and the detail), bills (list and detail), attachments. All
    of it is validated against the published specification. Files may also lie at a
    second host (:attr:`Simulator.storage`), with signed addresses of their own or
    behind a redirect of the tenant; it records the headers that it was sent.

The data set (:class:`Dataset`)
    Drawn from a seed, the same bytes each time. ``bills`` of the ordinary mix come with
    the orders they are of; ``orders``, ``requisitions`` and ``billings`` (bills that
    need orders of a special shape) come on top and change nothing of the bills. The
    names of all kinds of document are in ``scenarios.SCENARIOS`` and
    ``FURTHER_SCENARIOS``, ``billing.BILLINGS``, ``order_scenarios.ORDER_SCENARIOS`` and
    ``REQUISITION_SCENARIOS``; those of ``scenarios.RARE_SCENARIOS`` are in no series.

Edits while it runs
    Methods of the data set, also by ``POST /_simulator/edits``: documents are added
    (``add_bill``, ``add_bills``, ``add_order``, ``add_requisition``, ``bill_order``,
    …), revised, fixed, received, moved, closed, cancelled, hidden and deleted. What the
    service is said to refuse raises :class:`ValueError`. Every edit has a later stamp
    than the one before.

Misbehaviour
    ``faults`` (see :class:`Fault`) of the tenant and of ``storage``; switches for what
    is not documented: ``all_hides_closed`` (the list of all orders shows only open
    ones), ``keeps_former_lines`` (an order shows lines that left it),
    ``ignore_filters``, ``ignore_order``, ``reject_secret``. ``modes`` has names for
    all of it, and says what comes of it (:data:`MODES`).

Expectations
    :meth:`Dataset.expected`, :meth:`Dataset.expected_orders`,
    :meth:`Dataset.expected_billed` and :meth:`Dataset.expected_billed_amounts` say what
    a correct import ends with, by arithmetic that shares no code with the documents.

A whole year
    :func:`year_of` makes thousands of documents, :func:`revise_at_random` lets them
    live, :func:`replay` does the same edits again.
"""

from .dataset import Dataset
from .faults import Fault
from .model import Expected, ExpectedOrder
from .modes import MODES, Mode, Outcome
from .server import DEMO_ID, DEMO_SECRET, Simulator
from .year import replay, revise_at_random, year_of

__all__ = [
    "DEMO_ID",
    "DEMO_SECRET",
    "MODES",
    "Dataset",
    "Expected",
    "ExpectedOrder",
    "Fault",
    "Mode",
    "Outcome",
    "Simulator",
    "replay",
    "revise_at_random",
    "year_of",
]
