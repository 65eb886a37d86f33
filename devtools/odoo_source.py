"""Odoo 19 itself: the one that ODOO_SRC names, or Debian's package in the cache."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from .apt import PrivateApt, debian_keyring, debian_mirror, unpack
from .console import Stop, step, warn
from .paths import CACHE
from .shell import folder_made_whole

SERIES = "19.0"
PINNED_VERSION = "19.0.0+dfsg-1"
PINNED_SHA256 = "9d2f598b0555db17e291d48ed24df184c70823c053c4c5ed53c467ca7f629bbf"
#: Debian carries Odoo in its unstable suite only.
SUITE = "sid"
#: What Debian's odoo-19 links to instead of shipping: fonts and JavaScript libraries.
LINKED_PACKAGES = (
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
#: Blurs the camera in calls; not free software, so Debian leaves it out. Without a
#: file of that name every page of the backend logs an error, and tours fail.
LEFT_OUT = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"


@dataclass(frozen=True)
class OdooSource:
    """An Odoo tree: the package ``odoo``, and addons that lie outside of it."""

    package: Path
    addons: tuple[Path, ...]

    @property
    def version(self) -> str:
        """Return the version that the tree says of itself, like ``19.0``."""
        scope: dict[str, str] = {}
        exec((self.package / "release.py").read_text(), scope)
        return scope["version"]


def odoo_source() -> OdooSource:
    """Return the Odoo to use, fetching it when there is none yet.

    :raises Stop: when it is not Odoo 19, or cannot be fetched.
    """
    given = os.environ.get("ODOO_SRC")
    source = _given_source(Path(given).absolute()) if given else _debian_source()
    if not source.version.startswith(SERIES):
        raise Stop(f"{source.package} is Odoo {source.version}, not {SERIES}.")
    return source


def _given_source(folder: Path) -> OdooSource:
    if not (folder / "odoo" / "release.py").is_file():
        raise Stop(
            f"ODOO_SRC={folder} holds no Odoo: name the checkout of Odoo (with "
            "odoo-bin), or the folder that contains the installed package 'odoo'."
        )
    # An installed Odoo has all its addons inside the package; a folder "addons"
    # beside it is a leftover of the installation, without data files.
    is_checkout = (folder / "odoo-bin").is_file()
    return OdooSource(folder / "odoo", (folder / "addons",) if is_checkout else ())


def _debian_source() -> OdooSource:
    folder = CACHE / "odoo" / PINNED_VERSION
    if not folder.is_dir():
        with step("Odoo 19: fetching (123 MB) and unpacking"):
            _fetch(folder)
    version = (folder / "VERSION").read_text()
    if version != PINNED_VERSION:
        warn(
            f"Debian no longer has odoo-19 {PINNED_VERSION}: this is {version}. Pin it "
            "in devtools/odoo_source.py when the tests pass with it."
        )
    return OdooSource(folder / "usr/lib/python3/dist-packages/odoo", ())


def _fetch(folder: Path) -> None:
    # The download's folder outlives a failure: a second try takes what is there.
    downloads = CACHE / "downloads" / "odoo"
    apt = PrivateApt(downloads)
    apt.use_suite(debian_mirror(), SUITE, debian_keyring())
    odoo = _download_odoo(apt)
    with folder_made_whole(folder) as root:
        unpack([odoo, *apt.download(*LINKED_PACKAGES)], root)
        stub = root / "usr/lib/python3/dist-packages/odoo/addons" / LEFT_OUT
        if not stub.exists():
            stub.parent.mkdir(parents=True, exist_ok=True)
            stub.write_text("/* Debian leaves this file out. */\n")
        (root / "VERSION").write_text(_version(odoo))
    shutil.rmtree(downloads)


def _download_odoo(apt: PrivateApt) -> Path:
    """Fetch the pinned package, or the newest when the archive has dropped the pin."""
    if not apt.offers(f"odoo-19={PINNED_VERSION}"):
        return max(apt.download("odoo-19"), key=lambda deb: deb.stat().st_mtime)
    package = next(
        deb
        for deb in apt.download(f"odoo-19={PINNED_VERSION}")
        if _version(deb) == PINNED_VERSION
    )
    if hashlib.sha256(package.read_bytes()).hexdigest() != PINNED_SHA256:
        package.unlink()
        raise Stop(f"{package.name} is not the file that was pinned; it was removed.")
    return package


def _version(package: Path) -> str:
    """Read a version from a package's file name, where apt writes ``:`` as ``%3a``."""
    return package.name.split("_")[1].replace("%3a", ":")
