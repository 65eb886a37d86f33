"""What Procurify answered for each object that was asked for."""

from ..procurify import ForbiddenError, MissingObject, UnreadableObject
from .unreadable import Trouble


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
