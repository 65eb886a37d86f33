"""What is known of an object that cannot be read from Procurify."""

from datetime import timedelta
from typing import NamedTuple

FIRST_PAUSE = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(days=1)
MOST_PATHS = 50  # of unreadable fields that are kept by name
NAMELESS = "row-"  # begins the id of a row that has none
# What is known again, or was never to be read.
READABLE = {
    "read_error": False,
    "read_failures": 0,
    "read_again_at": False,
    "read_from": False,
}


class Trouble(NamedTuple):
    """What is known of an object that cannot be read.

    :param reason: one sentence
    :param digest: of the list row that shows it
    :param row: what could be read of that row, if anything
    :param read_from: naive UTC start of the window of the list that shows it; None
        where it has a detail that can be asked for
    """

    reason: str
    digest: str = ""
    row: dict = {}
    read_from: object = None
