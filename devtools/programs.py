"""Programs of the distribution: the machine's own, or unpacked into the cache."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from .apt import PrivateApt, unpack
from .console import Stop, step
from .paths import CACHE
from .shell import folder_made_whole, locked, run

#: Debian's libraries are compiled for /usr: this says where they are instead.
_WRAPPER = """\
#!/bin/sh
root=$(dirname "$(dirname "$(readlink -f "$0")")")
for folder in "$root"/usr/lib/*-linux-gnu "$root"/usr/lib/*-linux-gnu/*; do
    [ -d "$folder" ] && libraries=$libraries:$folder
done
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}${libraries#:}"
for plugins in "$root"/usr/lib/*-linux-gnu/qt5/plugins; do
    [ -d "$plugins" ] && export QT_PLUGIN_PATH="$plugins"
done
export FONTCONFIG_FILE="$root/fonts.conf"
exec "$root/{executable}" "$@"
"""
_FONTS = """\
<?xml version="1.0"?>
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


@dataclass(frozen=True)
class Program:
    """What a package of the distribution has, for tests that start it."""

    package: str
    executable: str  #: in the package
    names: tuple[str, ...]  #: under which it is looked for on the PATH
    folder: str  #: in the cache
    purpose: str
    instead: str  #: what to do on a machine where it cannot be had
    also: tuple[str, ...] = ()  #: packages without which it starts, but lacks something

    def search_path(self, path: str) -> str:
        """Return the PATH with a folder before it if none in it has the program.

        :raises Stop: when there is none and none can be had.
        """
        if any(
            _starts(found) for n in self.names if (found := shutil.which(n, path=path))
        ):
            return path
        folder = CACHE / self.folder
        with locked(CACHE / f"{self.folder}.lock", waiting_for=f"{self.package} comes"):
            if not folder.is_dir():
                with step(f"{self.purpose}: fetching {self.package} and unpacking"):
                    self._fetch(folder)
        # First, because what is on the PATH may be a placeholder that does not start.
        return f"{folder / 'bin'}{os.pathsep}{path}"

    def _fetch(self, folder: Path) -> None:
        downloads = CACHE / "downloads" / self.folder
        try:
            apt = PrivateApt(downloads)
            apt.use_distribution()
            packages = apt.download_with_missing_libraries(self.package, *self.also)
        except Stop as reason:
            raise Stop(f"{self.purpose}: none. {self.instead}\n{reason}") from reason
        with folder_made_whole(folder) as root:
            unpack(packages, root)
            (root / "fonts.conf").write_text(_FONTS)
            # All names: a placeholder of another name must not be found before it.
            (root / "bin").mkdir(exist_ok=True)
            for name in self.names:
                wrapper = root / "bin" / name
                wrapper.write_text(_WRAPPER.replace("{executable}", self.executable))
                wrapper.chmod(0o755)
            if not _starts(root / "bin" / self.names[0]):
                raise Stop(f"The {self.package} fetched does not start. {self.instead}")
        shutil.rmtree(downloads)


def _starts(executable: str | Path) -> bool:
    return run(executable, "--version", capture_output=True).returncode == 0
