"""Instants and days of the wire as Odoo keeps them, and as people have them."""

from datetime import datetime, time, timezone

from odoo.fields import Date, Datetime

MOST_DAYS = 365


def naive(instant):
    """Return an aware instant as Odoo keeps it: naive, UTC, whole seconds.

    The cut fraction makes a watermark older, never younger, than what was seen.
    """
    return instant.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)


def at_noon(day):
    """Return a calendar day as a moment that is on it in nearly every time zone.

    :param day: a date, or None for today
    """
    return Datetime.to_string(datetime.combine(day or Date.today(), time(12)))


def iso_text(instant):
    """Return a naive UTC instant as the text that the API gives."""
    return Datetime.to_string(instant)


def clamped(days):
    """Return ``days`` between 0 and a year, so that every date can be computed."""
    return min(max(days or 0, 0), MOST_DAYS)


def today_in(env):
    """Return today's date in the time zone of ``env``."""
    return Date.context_today(env.user)
