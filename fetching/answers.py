"""What Procurify answered for each object, and what is known of unreadable ones."""

from datetime import timedelta
from typing import NamedTuple

from ..procurify import ForbiddenError, MissingObject, UnreadableObject


def is_missing(detail):
    """Return whether Procurify answered that this object does not exist."""
    return isinstance(detail, MissingObject)


def is_unreadable(detail):
    """Return whether Procurify's answer for this one object could not be parsed."""
    return isinstance(detail, UnreadableObject)


def sort_answers(rows, details):
    """Pair the rows of a list with the details that were read for them.

    :returns: (row, detail) pairs, the rows without a detail, and
        {external id: Trouble} of the unreadable ones
    """
    found, missing, troubles = [], [], {}
    for row, detail in zip(rows, details, strict=True):
        if is_missing(detail):
            missing.append(row)
        elif is_unreadable(detail):
            trouble = Trouble(detail.reason, row.digest, row.data)
            troubles[row.external_id] = trouble
        else:
            found.append((row, detail))
    return found, missing, troubles


def nothing_opens(resource):
    """Return the error of a list whose objects all answer 404."""
    return ForbiddenError(
        "the list shows objects, but none of them can be opened (404)",
        url_path=resource.detail_path,
        http_status=404,
    )


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
