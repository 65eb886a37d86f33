"""Numbers of days that people choose freely."""

MOST_DAYS = 365


def clamped(days):
    """Return ``days`` between 0 and a year, so that every date can be computed."""
    return min(max(days or 0, 0), MOST_DAYS)
