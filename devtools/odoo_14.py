"""A real Odoo 14, as a remote Odoo of the hub's tests. Needs root.

It is Debian's package of bullseye, in a folder that holds that Debian. A server runs
in it by ``chroot``, in a mount namespace of its own: nothing stays mounted afterwards,
however it ends. Folder and template database are made once.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import databases, postgres
from .apt import PrivateApt, debian_keyring, debian_mirror, unpack
from .console import Stop, step
from .paths import CACHE, STATE
from .shell import (
    environment,
    folder_made_whole,
    locked,
    run,
    run_quietly,
    write_if_changed,
)

SUITE = "bullseye"
PACKAGE = "odoo-14"
FOLDER = CACHE / "odoo-14" / SUITE
MODULES = ("account", "purchase", "analytic", "l10n_generic_coa")
#: What the tests of 14 have in their names: ``-k "not odoo14"`` leaves them out.
NAME = "odoo14"
_WITHOUT = f'Leave its tests out with: ./dev test system -k "not {NAME}"'
#: Where this machine keeps what reaches the archives: copied, so that apt inside can.
_REACH = ("etc/resolv.conf", "etc/hosts", "etc/ssl/certs/ca-certificates.crt")
#: What a machine says of how apt reaches its archives; no hooks, no pins.
_REACH_OPTIONS = ("Acquire::",)
_APART = ("unshare", "--mount", "--propagation", "private")
#: Binds the folders of the second argument on, into the first, up to ``--``.
_ENTER = """
set -e
root=$1; shift
mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc"
while [ "$1" != -- ]; do
    mkdir -p "$root$1"; mount --bind "$1" "$root$1"; shift
done
shift
exec chroot "$root" "$@"
"""
_PREPARE = """
company = env.company
if not company.chart_template_id:
    env.ref("l10n_generic_coa.configurable_chart_template").try_loading()
company.tax_calculation_rounding_method = "round_per_line"
env.cr.commit()
"""


@dataclass(frozen=True)
class Odoo14:
    """An Odoo 14 that is ready to run; it is used as an Odoo 19 of ``./dev`` is."""

    server: postgres.Server

    @property
    def variables(self) -> dict[str, object]:
        """Return the variables under which the program is started from outside."""
        return dict(self.server.variables)

    def command(self, *arguments: object) -> list[str]:
        """Return the command line that runs Odoo 14 with these arguments."""
        said = environment(self.server.variables)
        inside = {
            **{name: value for name, value in said.items() if name.startswith("PG")},
            "ODOO_RC": str(STATE / "odoo14.conf"),
            "LC_ALL": "C.UTF-8",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        }
        shared = [STATE]
        if inside.get("PGHOST", "/var/run/postgresql").startswith("/"):
            shared.append(Path(inside.get("PGHOST", "/var/run/postgresql")))
        words = (
            *(*_APART, "sh", "-c", _ENTER, "sh", FOLDER, *shared, "--"),
            *("env", "-i", *(f"{name}={value}" for name, value in inside.items())),
            *("odoo", *arguments),
        )
        return [str(word) for word in words]

    def run(
        self, *arguments: object, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run Odoo 14, and wait until it has ended."""
        env = environment(self.variables)
        return run(*self.command(*arguments), env=env, **options)

    @property
    def template(self) -> str:
        """The name of the database with Odoo's own modules."""
        made_of = hashlib.sha256(f"{MODULES} {_PREPARE}".encode()).hexdigest()[:8]
        return databases.database_name(f"{NAME}_{made_of}")

    def make_template(self) -> None:
        """Create the database with Odoo's own modules, unless it is there."""
        if databases.exists(self, self.template):
            return
        unfinished = f"{self.template}_new"
        with step("Odoo 14: creating its template database"):
            databases.drop(self, unfinished)
            self.server.query(
                f'CREATE DATABASE "{unfinished}" TEMPLATE template0 '
                "ENCODING 'UTF8' LC_COLLATE 'C'"
            )
            databases.change(self, unfinished, "--init", ",".join(MODULES))
            databases.execute(self, unfinished, _PREPARE)
            databases.rename(self, unfinished, self.template)


def prepare(server: postgres.Server) -> Odoo14:
    """Return an Odoo 14 that is ready to run, doing what is missing for that.

    :raises Stop: with one sentence about what it lacks.
    """
    _check_machine()
    with locked(CACHE / "odoo-14.lock", waiting_for="it fetches Odoo 14"):
        if not FOLDER.is_dir():
            with step("Odoo 14: fetching the Debian that has it (350 MB)"):
                _fetch()
    write_if_changed(
        STATE / "odoo14.conf",
        "[options]\n"
        "addons_path = /usr/lib/python3/dist-packages/odoo/addons\n"
        f"data_dir = {STATE / 'data'}\n"
        "http_interface = 127.0.0.1\n"
        "list_db = False\n"
        "without_demo = all\n"
        "max_cron_threads = 0\n"
        "limit_time_cpu = 0\n"
        "limit_time_real = 0\n",
    )
    ready = Odoo14(server)
    with locked(STATE / "odoo-14.lock", waiting_for="it prepares Odoo 14"):
        ready.make_template()
    return ready


def prepare_meanwhile(server: postgres.Server) -> None:
    """Begin what :func:`prepare` does, and let its caller go on.

    What goes wrong is said by the tests that need an Odoo 14.
    """

    def begin() -> None:
        with contextlib.suppress(Stop):
            prepare(server)

    threading.Thread(target=begin, daemon=True).start()


def _check_machine() -> None:
    """Refuse what cannot work, before anything is fetched."""
    if os.geteuid():
        raise Stop(f"Odoo 14 needs root here: it runs in a chroot. {_WITHOUT}")
    if not shutil.which("unshare"):
        raise Stop(f"Odoo 14 needs the program unshare. {_WITHOUT}")


def _fetch() -> None:
    # The download's folder outlives a failure: a second try takes what is there.
    downloads = CACHE / "downloads" / "odoo-14"
    apt = PrivateApt(downloads)
    apt.use_distribution()
    unpack(apt.download("debootstrap"), downloads)
    mirror = debian_mirror()
    with folder_made_whole(FOLDER) as root:
        run_quietly(
            # It mounts things that would stay where it is interrupted.
            *_APART,
            *("sh", downloads / "usr/sbin/debootstrap", "--variant=minbase"),
            *("--include=ca-certificates", f"--keyring={debian_keyring()}"),
            *(SUITE, root, mirror),
            env=environment({"DEBOOTSTRAP_DIR": downloads / "usr/share/debootstrap"}),
            failure=f"Debian {SUITE} could not be fetched. {_WITHOUT}",
        )
        _install(root)
    shutil.rmtree(downloads)


def _install(root: Path) -> None:
    """Install Odoo 14 in a Debian that has nothing but itself."""
    for name in _REACH:
        there = Path("/") / name
        if there.is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(there, root / name)
    options = run("apt-config", "dump", capture_output=True).stdout.splitlines()
    reach = [line for line in options if line.startswith(_REACH_OPTIONS)]
    (root / "etc/apt/apt.conf.d/99reach").write_text("\n".join([*reach, ""]))
    no_services = root / "usr/sbin/policy-rc.d"
    no_services.write_text("#!/bin/sh\nexit 101\n")
    no_services.chmod(0o755)
    for words in (
        ("apt-get", "-qq", "update"),
        ("apt-get", "-qq", "--yes", "--no-install-recommends", "install", PACKAGE),
        ("apt-get", "clean"),
    ):
        run_quietly(
            *(*_APART, "sh", "-c", _ENTER, "sh", root, "--", "env", "-i"),
            *("DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"),
            *("PATH=/usr/sbin:/usr/bin:/sbin:/bin", *words),
            failure=f"Odoo 14 could not be installed. {_WITHOUT}",
        )
    for lists in (root / "var/lib/apt/lists").glob("*_*"):
        lists.unlink()
