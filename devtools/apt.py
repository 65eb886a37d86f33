"""Debian packages into a folder: no root, nothing changes in the system's own apt."""

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from .console import Stop
from .shell import run, run_quietly

_SOURCE_FILES = ("sources.list", "sources.list.d/*.list", "sources.list.d/*.sources")
#: The address of a Debian mirror (its path ends in /debian); cloud images hide it in
#: a mirror list.
_MIRROR = re.compile(r"\b[a-z+]+:/\S*/debian(?:\.list)?/?(?=\s|$)", re.MULTILINE)
#: The archives of the distribution itself, as opposed to those of other vendors,
#: whose packages we never need and whose servers may be slow or gone.
_DISTRIBUTION = re.compile(r"/(debian|ubuntu)[\w.-]*/?(\s|$)", re.MULTILINE)


def debian_mirror() -> str:
    """Return the Debian mirror that this machine already uses.

    :raises Stop: when its apt sources name none, as on Ubuntu.
    """
    named = os.environ.get("DEBIAN_MIRROR") or _MIRROR.search(_system_sources())
    if not named:
        raise Stop(
            "No Debian mirror in this machine's apt sources: set DEBIAN_MIRROR to the "
            "address of one, or ODOO_SRC to the folder of an Odoo 19 that you have."
        )
    return named if isinstance(named, str) else named.group()


def debian_keyring() -> Path:
    """Return the keys that Debian's archive is signed with.

    :raises Stop: when the machine does not have them.
    """
    keyring = Path(
        os.environ.get("DEBIAN_KEYRING")
        or "/usr/share/keyrings/debian-archive-keyring.gpg"
    )
    if not keyring.is_file():
        raise Stop(
            f"{keyring} is missing, without it downloads cannot be verified: install "
            "the package debian-archive-keyring, or set ODOO_SRC to the folder of an "
            "Odoo 19 that you have."
        )
    return keyring


def _system_sources() -> str:
    files = [f for g in _SOURCE_FILES for f in sorted(Path("/etc/apt").glob(g))]
    lines = "\n\n".join(f.read_text() for f in files).splitlines()
    return "\n".join(x for x in lines if not x.lstrip().startswith("#"))


class PrivateApt:
    """An apt with its own sources, package lists and archives, all in one folder.

    Signatures and hashes are verified by apt itself, against the keys that each
    source names or that the system trusts.
    """

    def __init__(self, folder: Path) -> None:
        if not shutil.which("apt-get"):
            raise Stop(
                "apt-get is missing: this part needs Debian or Ubuntu. Set ODOO_SRC to "
                "the folder of an Odoo 19 that you have."
            )
        self._folder = folder
        self._archives = folder / "archives"
        for part in ("lists/partial", "archives/partial", "sources.d"):
            (folder / part).mkdir(parents=True, exist_ok=True)

    def use_suite(self, mirror: str, suite: str, keyring: Path) -> None:
        """Read packages from one suite of a Debian mirror."""
        source = f"deb [signed-by={keyring}] {mirror} {suite} main\n"
        (self._folder / "sources.d" / "suite.list").write_text(source)
        self._update()

    def use_distribution(self) -> None:
        """Read packages from where this machine's own distribution comes from."""
        for pattern in _SOURCE_FILES:
            for file in Path("/etc/apt").glob(pattern):
                if _DISTRIBUTION.search(file.read_text()):
                    shutil.copy(file, self._folder / "sources.d" / file.name)
        self._update()

    def download(self, *packages: str) -> list[Path]:
        """Fetch packages by name or ``name=version``.

        :raises Stop: when apt cannot get one of them.
        """
        self._archives.mkdir(exist_ok=True)
        run_quietly(
            *self._command("download", *packages),
            cwd=self._archives,
            failure=f"apt could not download {' '.join(packages)}:",
        )
        names = {package.partition("=")[0] for package in packages}
        return [
            deb
            for deb in sorted(self._archives.glob("*.deb"))
            if deb.name.partition("_")[0] in names
        ]

    def offers(self, package: str) -> bool:
        """Return whether ``name`` or ``name=version`` can be downloaded."""
        command = self._command("download", "--print-uris", package)
        return run(*command, capture_output=True).returncode == 0

    def download_with_missing_libraries(self, *packages: str) -> list[Path]:
        """Fetch packages and what they depend on that the system does not have.

        :raises Stop: when apt cannot get one of them.
        """
        run_quietly(
            *self._command(
                "install", "--yes", "--download-only", "--no-install-recommends"
            ),
            *packages,
            failure=f"apt could not download {' '.join(packages)} and libraries:",
        )
        return sorted(self._archives.glob("*.deb"))

    def _update(self) -> None:
        run_quietly(
            *self._command("update"), failure="apt could not read its package lists:"
        )

    def _command(self, *arguments: str) -> list[str]:
        options = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": self._folder / "sources.d",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State::lists": self._folder / "lists",
            "Dir::Cache": self._folder,
            "Dir::Cache::archives": self._archives,
            "APT::Sandbox::User": "root",
            "APT::Keep-Downloaded-Packages": "true",
            "Acquire::Languages": "none",
            "Acquire::Retries": 3,
            "Acquire::http::Timeout": 30,
            "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
            # The system's own apt may be busy; nothing of its state is written here.
            "Debug::NoLocking": "true",
        }
        flags = [part for k, v in options.items() for part in ("-o", f"{k}={v}")]
        return ["apt-get", "-qq", *flags, *arguments]


def unpack(packages: Sequence[Path], folder: Path) -> None:
    """Unpack Debian packages into a folder, without installing them."""
    for package in packages:
        run_quietly(
            "dpkg-deb",
            "-x",
            package,
            folder,
            failure=f"{package.name} could not be unpacked:",
        )
