"""How Odoo's models lie in ``models/``: one definition each, no override of a sibling.

Odoo stacks the classes of one model in the order in which their files are imported.
Where two of them have the same method or field, that order decides which one counts. So
each name occurs once per model, and the order means nothing.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .paths import ROOT

FOLDER = "models"
#: What several classes of a model may say: of which model they are.
_IDENTITY = frozenset({"_name", "_inherit"})


@dataclass(frozen=True)
class Fragment:
    """One class of a model: its file, whether it defines the model, what it adds."""

    model: str
    file: Path
    is_definition: bool
    names: tuple[str, ...]


def check(root: Path = ROOT) -> str:
    """Return what is wrong in ``models/``, a line each; nothing if all is well."""
    fragments: dict[str, list[Fragment]] = defaultdict(list)
    found = []
    for file in sorted((root / FOLDER).rglob("*.py")):
        mine = list(_fragments(file, root))
        if not mine and file.name != "__init__.py":
            found.append(f"{file.relative_to(root)} defines no model")
        for fragment in mine:
            fragments[fragment.model].append(fragment)
    for model in sorted(fragments):
        found += _faults(model, fragments[model])
    return "\n".join(found)


def _faults(model: str, fragments: list[Fragment]) -> Iterator[str]:
    """Yield what is wrong about the classes of one model."""
    definitions = [each for each in fragments if each.is_definition]
    if len(definitions) > 1 or not (definitions or len(fragments) == 1):
        yield f"{model} needs one class with _name: {_files(fragments)}"
    if len({each.file.parent for each in fragments}) > 1:
        yield f"{model} lies in several packages: {_files(fragments)}"
    by_name: dict[str, list[Fragment]] = defaultdict(list)
    for fragment in fragments:
        for name in fragment.names:
            by_name[name].append(fragment)
    for name, several in sorted(by_name.items()):
        if len(several) > 1:
            yield f"{model}.{name} is defined several times: {_files(several)}"


def _files(fragments: list[Fragment]) -> str:
    return ", ".join(str(each.file) for each in fragments)


def _fragments(file: Path, root: Path) -> Iterator[Fragment]:
    """Yield the classes of models that a file has."""
    for node in ast.parse(file.read_text("utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        values = _assigned(node)
        model = _model(values)
        if model:
            names = tuple(n for n in (*values, *_methods(node)) if n not in _IDENTITY)
            yield Fragment(model, file.relative_to(root), "_name" in values, names)


def _assigned(node: ast.ClassDef) -> dict[str, ast.expr]:
    """Return what the class assigns in its body: {name: expression}."""
    found = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = statement.value
    return found


def _methods(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            yield statement.name


def _model(values: Mapping[str, ast.expr]) -> str:
    """Return the model that a class is of, or "": it is no model's."""
    for name in ("_name", "_inherit"):
        if name in values:
            value = ast.literal_eval(values[name])
            return str(value) if isinstance(value, str) else str(value[0])
    return ""
