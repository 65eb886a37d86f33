"""Benchmarks of the addon against Odoo itself: ``./dev bench``.

``devtools.bench`` makes the databases, starts the servers and calls the functions of
these modules inside of ``odoo shell``, where the addon's name leads here. Each of them
returns plain values; ``figures`` says which of them has a bar.

Whatever is compared runs in turn, round by round, in one run: only ratios are claimed.
"""
