"""An Odoo shell that stays open: to start one costs more than most scripts do."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from devtools.odoo import Odoo
from devtools.paths import STATE
from devtools.shell import environment

#: What the shell prints after each script.
_DONE, _FAILED = "=== script done ===", "=== script failed ==="
#: How Odoo logs what went wrong and was not raised.
_ERROR = re.compile(r"\S+ \S+ \d+ (ERROR|CRITICAL) ")
_LOOP = f"""
import traceback
while True:
    with open({{pipe!r}}) as scripts:
        text = scripts.read()
    if not text:
        break
    # What others did since is seen, and what failed is left.
    env.cr.rollback()
    env.registry.check_signaling()
    env.invalidate_all(flush=False)
    try:
        exec(compile(text, "script", "exec"), {{{{"env": env}}}})
        outcome = {_DONE!r}
    except Exception:
        print(traceback.format_exc())
        outcome = {_FAILED!r}
    env.cr.rollback()
    print(outcome, flush=True)
"""


class OpenShell:
    """A shell of an Odoo 19, with one database."""

    def __init__(self, odoo: Odoo, database: str) -> None:
        self._folder = Path(tempfile.mkdtemp(dir=STATE))
        self._pipe = self._folder / "scripts"
        os.mkfifo(self._pipe)
        shell = ("shell", "--database", database, "--no-http", "--log-level=warn")
        self._process = subprocess.Popen(
            [str(word) for word in odoo.command(*shell)],
            env=environment(odoo.variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdin
        self._process.stdin.write(_LOOP.format(pipe=str(self._pipe)))
        self._process.stdin.close()

    def run(self, script: str) -> str:
        """Run a script in a transaction of its own, and return what it printed.

        :raises AssertionError: it failed, or an error was logged; says why
        """
        assert self._process.stdout
        assert self._process.poll() is None, "The shell has ended"
        self._pipe.write_text(script)
        printed: list[str] = []
        for line in self._process.stdout:
            text = line.rstrip("\n")
            if text == _DONE:
                break
            if text == _FAILED:
                raise AssertionError("A script failed:\n" + "\n".join(printed[-30:]))
            printed.append(text)
        else:
            raise AssertionError("The shell has ended:\n" + "\n".join(printed[-30:]))
        logged = [n for n, text in enumerate(printed) if _ERROR.match(text)]
        if logged:
            lines = printed[logged[0] : logged[0] + 60]
            raise AssertionError("A script logged an error:\n" + "\n".join(lines))
        return "\n".join(printed)

    def close(self) -> None:
        """End the shell."""
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._folder)
