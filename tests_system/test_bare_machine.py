"""``./dev`` on a machine with nothing: an ordinary user, an empty home, no packages.

What belongs to a person's other work in Python and PostgreSQL is there too, and must
not matter.
"""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from devtools.environment import pip_reach
from devtools.paths import CACHE, CHECKOUT_KEY, ROOT
from devtools.shell import run_quietly

#: Where every system has its own programs, and nobody the packages of this project.
SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
#: How this machine reaches others.
REACH = (
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("DEBIAN_MIRROR", "DEBIAN_KEYRING", "ODOO_SRC"),
)
#: Set by CI: Odoo is fetched as well, 123 MB and some 50 seconds.
FROM_NOTHING = "PROCURIFY_FROM_NOTHING"
#: A package that the private environment needs, in another place.
FAKE_PACKAGE = "requests"
FAKE_VERSION = "2.34.2"


@dataclass(frozen=True)
class Newcomer:
    """An ordinary user with a checkout in an empty home."""

    home: Path
    options: dict[str, Any]

    @property
    def checkout(self) -> Path:
        """Return the folder of the checkout."""
        return self.home / "checkout"

    def dev(self, *words: str, **variables: object) -> CompletedProcess[str]:
        """Run ``./dev`` in an environment of nothing but ``variables``."""
        given = {"HOME": self.home, "PATH": SEARCH_PATH, **variables}
        return subprocess.run(
            ["./dev", *words],
            cwd=self.checkout,
            env={name: str(value) for name, value in given.items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **self.options,
        )


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    """Give a user that root has just made; who is not root is an ordinary user."""
    if os.getuid():
        yield _moved_in(Newcomer(tmp_path, {}))
        return
    name = f"bare-{CHECKOUT_KEY}"
    subprocess.run(["userdel", "--remove", name], capture_output=True, check=False)
    run_quietly(
        *("useradd", "--create-home", "--base-dir", "/var/tmp", name),
        failure="No user could be made:",
    )
    user = pwd.getpwnam(name)
    ids = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    someone = Newcomer(Path(user.pw_dir), ids)
    try:
        yield _moved_in(someone)
    finally:
        someone.dev("stop")
        run_quietly("userdel", "--remove", name, failure="The user cannot be removed:")


def _moved_in(someone: Newcomer) -> Newcomer:
    """Give the user what git knows or would know of this checkout."""
    listed = run_quietly(
        *("git", "ls-files", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        failure="git does not say which files belong to the checkout:",
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (someone.checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, someone.checkout / name)
    cache = someone.home / ".cache" / CACHE.name
    cache.mkdir(parents=True)
    if not os.getuid():
        for folder in (someone.checkout, someone.home / ".cache"):
            for path in (folder, *folder.rglob("*")):
                os.chown(path, someone.options["user"], someone.options["group"])
    if not os.environ.get(FROM_NOTHING) and (CACHE / "odoo").is_dir():
        # Odoo as it was unpacked: it is only read.
        fetched = (CACHE / "odoo", cache / "odoo")
        shutil.copytree(*fetched, symlinks=True, copy_function=_link)
    return someone


def _link(source: str, target: str) -> None:
    """Use a file twice where the file system can."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target)


def _other_work(home: Path) -> dict[str, object]:
    """Return variables of a person who has other things to do on this machine.

    Some of them make Python, pip or PostgreSQL fail; with others, ``./dev`` would
    use or change what is not its own.
    """
    packages = home / "packages"
    for folder in (FAKE_PACKAGE, f"{FAKE_PACKAGE}-{FAKE_VERSION}.dist-info"):
        (packages / folder).mkdir(parents=True)
    metadata = f"Metadata-Version: 2.1\nName: {FAKE_PACKAGE}\nVersion: {FAKE_VERSION}\n"
    (packages / f"{FAKE_PACKAGE}-{FAKE_VERSION}.dist-info" / "METADATA").write_text(
        metadata
    )
    (packages / FAKE_PACKAGE / "__init__.py").write_text("raise RuntimeError('fake')\n")
    settings = home / "pip.conf"
    settings.write_text(f"[install]\ntarget = {home / 'chosen-by-file'}\n")
    return {
        "PYTHONPATH": packages,
        "PYTHONHOME": home / "no-python",
        "PYTHONSAFEPATH": 1,
        "PYTHONOPTIMIZE": 1,
        "VIRTUAL_ENV": home / "no-environment",
        "PIP_TARGET": home / "chosen-by-variable",
        "PIP_REQUIRE_VIRTUALENV": 1,
        "PIP_CONFIG_FILE": settings,
        "PGHOSTADDR": "192.0.2.1",
        "PGSERVICE": "nobody",
        "PGDATABASE": "mine",
        "PGPASSWORD": "mine",
        "PGSSLMODE": "verify-full",
        "PGOPTIONS": "-c default_transaction_read_only=on",
        "PGTARGETSESSIONATTRS": "read-only",
    }


def test_a_newcomer_sees_the_demo_beside_other_work(newcomer: Newcomer) -> None:
    """The whole of it: environment, PostgreSQL, databases, Odoo, crons, summary."""
    python = shutil.which("python3", path=SEARCH_PATH)
    assert python, "the system has no Python"
    reach = {name: os.environ[name] for name in REACH if name in os.environ}
    work = _other_work(newcomer.home)

    shown = newcomer.dev(
        *("demo", "--once", "--bills", "12"),
        **(reach | pip_reach([sys.executable, "-m", "pip"]) | work),
    )

    assert shown.returncode == 0, shown.stdout
    assert "bills created" in shown.stdout
    assert "private cluster" in shown.stdout
    (environment,) = (newcomer.home / ".cache" / CACHE.name / "python").iterdir()
    assert list(environment.glob(f"lib/python3*/site-packages/{FAKE_PACKAGE}"))
    assert not list(newcomer.home.glob("chosen-by-*"))
