"""Where things are: the checkout, its state, the cache that all checkouts share."""

import hashlib
import os
from pathlib import Path

ADDON = "procurify_connector"
ROOT = Path(__file__).resolve().parent.parent


def _cache_folder() -> Path:
    chosen = os.environ.get("PROCURIFY_DEV_CACHE")
    if chosen:
        return Path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / f"{ADDON}-dev"


#: Odoo, Python environments, browser: the same for every checkout of one user.
CACHE = _cache_folder()

#: Distinguishes two checkouts in folders of the same name, and two caches.
CHECKOUT_KEY = hashlib.sha256(f"{ROOT} {CACHE}".encode()).hexdigest()[:8]

#: Databases, filestore, logs of this checkout. Outside of it, because Odoo's own
#: linter reads every Python file below an addon's folder.
STATE = CACHE / "checkouts" / f"{ROOT.name}-{CHECKOUT_KEY}"
