"""``./dev methods``: a page of the documentation for each method of the external API.

What a page says is what the method's signature and docstring say, so that nobody has to
keep the two alike.
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from tests_system.access_table import METHODS

from .paths import ROOT

FOLDER = ROOT / "docs" / "methods"
_FIELD = re.compile(r"^:(param (?P<name>\w+)|returns|raises (?P<error>\w+)):", re.M)
_WHO = {
    "reviewer": "*Procurify / Reviewer*",
    "manager": "*Procurify / Administrator*",
}


@dataclass(frozen=True)
class Argument:
    """One argument, as it is called by name."""

    name: str
    kind: str
    default: str


@dataclass(frozen=True)
class Method:
    """One method, as its source has it."""

    model: str
    name: str
    of_records: bool
    arguments: tuple[Argument, ...]
    answer: str
    text: str
    fields: tuple[tuple[str, str, str], ...]  # (kind, name, meaning)


def write() -> None:
    """Write the pages, and remove those of methods that are not there any more."""
    FOLDER.mkdir(exist_ok=True)
    pages = _pages()
    for file in FOLDER.glob("*.rst"):
        if file.name not in pages:
            file.unlink()
    for name, text in pages.items():
        (FOLDER / name).write_text(text)


def check() -> str:
    """Return what of the pages is not as the code says, or nothing."""
    pages = _pages()
    written = {file.name: file.read_text() for file in FOLDER.glob("*.rst")}
    wrong = {n for n in pages.keys() | written.keys() if pages.get(n) != written.get(n)}
    index = (ROOT / "docs" / "automation.rst").read_text()
    unnamed = {name for name in pages if f"methods/{name}" not in index}
    lines = [f"docs/methods/{name} is out of date: ./dev methods" for name in wrong]
    lines += [f"docs/automation.rst does not name methods/{name}" for name in unnamed]
    return "\n".join(sorted(lines))


def _pages() -> dict[str, str]:
    return {f"{method.model}.{method.name}.rst": _page(method) for method in methods()}


def methods() -> Iterator[Method]:
    """Yield every method that ``api_method`` marks, in the order of the files."""
    for file in sorted((ROOT / "models").rglob("*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef):
                yield from _methods_of(node)


def _methods_of(cls: ast.ClassDef) -> Iterator[Method]:
    model = next(
        (
            str(ast.literal_eval(each.value))
            for each in cls.body
            if isinstance(each, ast.Assign)
            and isinstance(each.targets[0], ast.Name)
            and each.targets[0].id in ("_name", "_inherit")
        ),
        "",
    )
    for node in cls.body:
        if isinstance(node, ast.FunctionDef):
            marks = [ast.unparse(mark) for mark in node.decorator_list]
            if "api_method" in marks:
                yield _method(model, node, of_records="api.model" not in marks)


def _method(model: str, node: ast.FunctionDef, *, of_records: bool) -> Method:
    names = node.args.args[1:]
    defaults = [ast.unparse(each) for each in node.args.defaults]
    defaults = [""] * (len(names) - len(defaults)) + defaults
    arguments = [
        Argument(
            each.arg, ast.unparse(each.annotation) if each.annotation else "", default
        )
        for each, default in zip(names, defaults, strict=True)
    ]
    text, fields = _parts(ast.get_docstring(node) or "")
    answer = ast.unparse(node.returns) if node.returns else ""
    return Method(
        model, node.name, of_records, tuple(arguments), answer, text, tuple(fields)
    )


def _parts(docstring: str) -> tuple[str, list[tuple[str, str, str]]]:
    """Return what a docstring says first, and its fields."""
    found = list(_FIELD.finditer(docstring))
    if not found:
        return docstring.strip(), []
    ends = [match.start() for match in found[1:]] + [len(docstring)]
    fields = [
        (
            match[1].split()[0],
            match["name"] or match["error"] or "",
            " ".join(docstring[match.end() : end].split()),
        )
        for match, end in zip(found, ends, strict=True)
    ]
    return docstring[: found[0].start()].strip(), fields


def _page(method: Method) -> str:
    title = f"{method.model}.{method.name}"
    who = _WHO[METHODS[method.model][method.name]]
    acts_on = "the records of ``ids``" if method.of_records else "no record: no ``ids``"
    lines = [
        *("=" * len(title), title, "=" * len(title), ""),
        *(method.text, ""),
        f":Call: ``POST /json/2/{method.model}/{method.name}``",
        f":Acts on: {acts_on}",
        f":Who: {who}",
        *("", "Arguments", "=========", ""),
        *_arguments(method),
        *("", "Answer", "======", ""),
        *_wrapped(_meaning(method, "returns") or "Nothing."),
        *("", f"In Python: ``{method.answer}``."),
        *("", "Errors", "======", ""),
    ]
    for _kind, error, meaning in (f for f in method.fields if f[0] == "raises"):
        lines += _wrapped(f"* ``{error}``: {meaning}", indent="  ")
    lines += ["", "All methods: `automation.rst <../automation.rst>`_.", ""]
    return "\n".join(lines)


def _arguments(method: Method) -> list[str]:
    if not method.arguments:
        return ["None."]
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for cells in (
        ("Name", "Type", "Default", "Meaning"),
        *(
            (
                f"``{each.name}``",
                f"``{each.kind}``",
                f"``{each.default}``",
                _meaning(method, "param", each.name),
            )
            for each in method.arguments
        ),
    ):
        lines += [f"   {'*' if n == 0 else ' '} - {c}" for n, c in enumerate(cells)]
    return lines


def _meaning(method: Method, kind: str, name: str = "") -> str:
    return next((f[2] for f in method.fields if f[:2] == (kind, name)), "")


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        88,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
