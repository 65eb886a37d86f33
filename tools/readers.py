"""Who reads what documents say in Odoo: as a certificate, its journal items."""

ITEM_READERS = "account.group_account_readonly,account.group_account_invoice"


def reads_items(env):
    """Return whether the present user may read journal items.

    It is the user that counts, also where a button works with the system's rights.
    """
    return env.user._is_superuser() or env.user.has_groups(ITEM_READERS)
