"""Days as people have them: today where they are, and numbers that they choose."""

from odoo import fields

MOST_DAYS = 365


def clamped(days):
    """Return ``days`` between 0 and a year, so that every date can be computed."""
    return min(max(days or 0, 0), MOST_DAYS)


def today_in(env):
    """Return today's date in the time zone of ``env``."""
    return fields.Date.context_today(env.user)
