"""``./dev lint``: everything that can be said of the code without running it."""

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from . import access_page, import_rules, method_pages, model_files, tax_table, words
from .console import say
from .environment import python_environment
from .paths import ROOT
from .shell import compiled_apart, environment, run

#: What is shipped as the addon, as far as it is Python.
ADDON_CODE = (
    "__init__.py",
    "__manifest__.py",
    "controllers",
    "fetching",
    "hooks.py",
    "importers",
    "models",
    "reconciliation",
    "wizard",
    "cli",
    "migrations",
    "tools",
    "tests",
)
TYPED_PACKAGES = ("procurify", "procurify_odoo", "simulator", "devtools")
DOCUMENTS = (
    *("README.rst", "CHANGELOG.rst"),
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.rst"))),
)
#: What codespell reads; pyproject.toml says what it skips.
SPELLED = (
    *(
        "README.rst",
        "CHANGELOG.rst",
        "docs",
        "data",
        "report",
        "security",
        "static/src",
    ),
    *("static/description/index.html", "views", "bench", "tests_system"),
    *ADDON_CODE,
    *TYPED_PACKAGES,
)
XML_FOLDERS = ("data", "report", "security", "static", "views", "wizard")

#: Returns what is wrong, in the words of the tool; nothing when all is well.
Check = Callable[[], str]


def lint() -> int:
    """Run every check, print what each has to say, and return the exit code."""
    failed = []
    for name, check in _checks().items():
        found = check()
        say(f"{name}: {'FAILED' if found else 'ok'}")
        if found:
            say(found)
            failed.append(name)
    if failed:
        say(f"\nFailed: {', '.join(failed)}")
    return bool(failed)


def _checks() -> dict[str, Check]:
    tool = partial(_tool, python_environment())
    addon = [part for part in ADDON_CODE if (ROOT / part).exists()]
    return {
        "ruff": lambda: tool("ruff", "check", "--quiet"),
        "ruff format": lambda: tool("ruff", "format", "--check", "--quiet"),
        "rules of imports": import_rules.check,
        "files of models": model_files.check,
        "pylint-odoo": lambda: tool("pylint", *addon),
        "mypy --strict": lambda: tool("mypy", "--no-error-summary", *TYPED_PACKAGES),
        "pages of methods": method_pages.check,
        "page on rights": access_page.check,
        "page on taxes": tax_table.check,
        "spelling": lambda: tool("codespell_lib", *SPELLED),
        "words": words.check,
        "documents": lambda: "".join(_document(tool, name) for name in DOCUMENTS),
        "translations": lambda: tool("devtools.po", "check"),
        "XML": _malformed_xml,
    }


def _tool(python: Path, module: str, *arguments: str, **options: str) -> str:
    """Run one of the environment's tools and return what it complains of."""
    done = run(
        *(python, "-m", module, *arguments),
        cwd=ROOT,
        env=environment(compiled_apart()),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )
    return (done.stdout or f"{module} failed") if done.returncode else ""


def _document(tool: Callable[..., str], name: str) -> str:
    return tool("docutils", "--halt=warning", "--writer=null", name)


def _malformed_xml() -> str:
    found = []
    for file in _files(XML_FOLDERS, "*.xml"):
        try:
            ET.parse(file)
        except ET.ParseError as error:
            found.append(f"{file.relative_to(ROOT)}: {error}")
    return "\n".join(found)


def _files(folders: Sequence[str], pattern: str) -> list[Path]:
    return [f for folder in folders for f in sorted((ROOT / folder).rglob(pattern))]
