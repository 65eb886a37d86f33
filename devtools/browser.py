"""A Chromium for the browser tours: the machine's own, or Debian's in the cache."""

import os
import shutil
from pathlib import Path

from .apt import PrivateApt, unpack
from .console import Stop, step
from .paths import CACHE
from .shell import folder_made_whole, run

#: The names under which Odoo's tests look for a browser on the PATH.
NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
HOW_TO_INSTALL = (
    "Install one yourself (Debian: apt-get install chromium), or run the tests that "
    "need none: ./dev test plain"
)

#: Debian's libraries are compiled for /usr: this says where they are instead.
_WRAPPER = """\
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
for folder in "$root"/usr/lib/*-linux-gnu "$root"/usr/lib/*-linux-gnu/*; do
    [ -d "$folder" ] && libraries=$libraries:$folder
done
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}${libraries#:}"
export FONTCONFIG_FILE="$root/fonts.conf"
exec "$root/usr/lib/chromium/chromium" "$@"
"""
_FONTS = """\
<?xml version="1.0"?>
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def search_path() -> str:
    """Return a PATH on which Odoo's tests find a browser that starts.

    :raises Stop: when there is none and none can be had.
    """
    path = os.environ.get("PATH", os.defpath)
    if any(_starts(found) for name in NAMES if (found := shutil.which(name))):
        return path
    folder = CACHE / "browser"
    if not folder.is_dir():
        with step("Chromium for the browser tours: fetching (120 MB) and unpacking"):
            _fetch(folder)
    # First, because what is on the PATH may be a placeholder that does not start.
    return f"{folder / 'bin'}{os.pathsep}{path}"


def _starts(executable: str | Path) -> bool:
    return run(executable, "--version", capture_output=True).returncode == 0


def _fetch(folder: Path) -> None:
    downloads = CACHE / "downloads" / "browser"
    try:
        apt = PrivateApt(downloads)
        apt.use_distribution()
        packages = apt.download_with_missing_libraries("chromium")
    except Stop as reason:
        raise Stop(f"No browser for the tours. {HOW_TO_INSTALL}\n{reason}") from reason
    with folder_made_whole(folder) as root:
        unpack(packages, root)
        (root / "fonts.conf").write_text(_FONTS)
        # All the names: a placeholder of another name must not be found before it.
        (root / "bin").mkdir(exist_ok=True)
        for name in NAMES:
            wrapper = root / "bin" / name
            wrapper.write_text(_WRAPPER)
            wrapper.chmod(0o755)
        if not _starts(root / "bin" / NAMES[0]):
            raise Stop(f"The archive's Chromium does not start. {HOW_TO_INSTALL}")
    shutil.rmtree(downloads)
