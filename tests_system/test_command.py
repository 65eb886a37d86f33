"""``odoo procurify``: an administrator's commands, as a shell runs them."""

import json
import subprocess

from devtools.odoo import Odoo

from .site import Site


def test_commands_do_what_the_buttons_do(odoo: Odoo, site: Site) -> None:
    synced = _run(odoo, site, "sync")
    assert "Procurify is being read" in synced.stdout
    assert _told_in_the_audit(site, "sync_requested") == 1
    site.synchronise(site.start())

    status = _run(odoo, site, "status")
    (told,) = json.loads(status.stdout)
    assert told["phase"] == "live"
    assert told["records"]["bill"]["done"] > 0
    assert status.returncode == int(not told["healthy"])

    findings = json.loads(_run(odoo, site, "findings").stdout)
    assert {"question", "answer", "verdict"} <= findings[0].keys()

    held = sum(states.get("quarantined", 0) for states in told["records"].values())
    assert f"{held} records are queued for replay" in _run(odoo, site, "replay").stdout
    verified = _run(odoo, site, "verify")
    assert (verified.returncode, "no tampering" in verified.stdout) == (0, True)
    assert "re-encrypted with" in _run(odoo, site, "rotate-key").stdout
    assert _told_in_the_audit(site, "verified") == 1
    assert _told_in_the_audit(site, "key_rotated") == 1


def test_what_cannot_be_done_is_said(odoo: Odoo, site: Site) -> None:
    unknown = _run(odoo, site, "sync", "-n", "Nobody's")
    assert unknown.returncode == 1
    assert "no such connection" in unknown.stderr


def _told_in_the_audit(site: Site, event: str) -> int:
    """Count it, of what the command has committed."""
    counted = "SELECT count(*) FROM procurify_audit WHERE event = %s"
    count: int = site.rows(counted, event)[0][0]
    return count


def _run(
    odoo: Odoo, site: Site, name: str, *options: str
) -> subprocess.CompletedProcess[str]:
    return odoo.run(
        *("procurify", name, "-d", site.database, *options),
        capture_output=True,
    )
