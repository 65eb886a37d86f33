"""A difference between Procurify and Odoo as a person reads it."""


def in_words(env, rows):
    """Return the rows of a difference as one sentence; what is empty is a dash.

    :param rows: [{"field", "applied", "odoo", "procurify"}], all texts
    """
    return "; ".join(
        env._(
            "%(field)s: Procurify %(theirs)s, Odoo %(ours)s",
            field=row["field"],
            theirs=row["procurify"] or "–",
            ours=row["odoo"] or "–",
        )
        for row in rows
    )
