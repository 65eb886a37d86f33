"""From which moment on a list is read."""

from datetime import datetime, timedelta, timezone

# Rows changed shortly before the watermark are read again: Procurify stamps a row
# before its transaction becomes visible. A filter by date counts days in an unknown
# time zone, so it needs a full day on each side.
OVERLAPS = {"datetime": timedelta(minutes=15), "date": timedelta(days=2)}
BEGINNING = datetime(2000, 1, 1)  # nothing in Procurify is older


def window(resource, modified, created, latest=None):
    """Return the filters of a list as aware UTC instants; empty: read everything.

    :param modified: naive UTC watermark of changes, or False
    :param created: naive UTC watermark of creations, or False
    :param latest: naive UTC instant at or before which the window starts
    """
    if not (resource.modified_filter and modified):
        return {}
    start = _start(modified, latest)
    filters = {"since": aware(start - OVERLAPS[resource.modified_grain])}
    if is_read_by_creation(resource):
        start = _start(created or modified, latest)
        filters["created_since"] = aware(start - OVERLAPS["date"])
    return filters


def _start(watermark, latest):
    return max(min(watermark, latest or watermark), BEGINNING)


def aware(instant):
    """Return a naive UTC instant as an aware one."""
    return instant.replace(tzinfo=timezone.utc)


def is_read_by_creation(resource):
    """Return whether new objects come from a list of their own."""
    return any(variant.created_filter for variant in resource.variants)
