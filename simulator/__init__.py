"""A small local Procurify: a test double with a data set of its own.

    with Simulator(bills=60) as simulator:
        connect(simulator.base_url, simulator.client_id, simulator.client_secret)

It powers the demo, the tests, the recorded conversations and the benchmarks, and is no
part of the shipped addon.
"""

from .dataset import Dataset
from .faults import Fault
from .model import Expected
from .server import DEMO_ID, DEMO_SECRET, Simulator

__all__ = ["DEMO_ID", "DEMO_SECRET", "Dataset", "Expected", "Fault", "Simulator"]
