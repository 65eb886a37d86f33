"""The mutants of a file: its code with one small fault each, as mutmut makes them.

Only what is run after the module was loaded is mutated: the bodies and defaults of
functions, and the constants of the module. Annotations, docstrings and messages are
left as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import libcst as cst  # type: ignore[import-not-found]
from libcst.metadata import (  # type: ignore[import-not-found]
    ByteSpanPositionProvider,
    MetadataWrapper,
    PositionProvider,
)
from mutmut.mutation.mutators import (  # type: ignore[import-not-found]
    mutation_operators,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Calls that write down or refuse: what they say in words is no behaviour.
_SAYS_ONLY = ("_logger", "_lt", "NotImplementedError")
_TYPES = ("Literal[", "TypeVar(", "tuple[")
_STRICT = re.compile(r",\s*(strict=\w+)?\s*(?=\))")


@dataclass(frozen=True)
class Mutant:
    """One fault, and the whole source that has it."""

    line: int
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """Return the fault in one line."""
        return f"{self.line}: {_one_line(self.before)} -> {_one_line(self.after)}"


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of ``source``, in the order of its lines."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    finder = _Finder()
    wrapper.visit(finder)
    for node, line, span in finder.found:
        seen = set()
        for kind, operator in mutation_operators:
            if not isinstance(node, kind):
                continue
            for changed in operator(node):
                mutated = _spliced(source, span, _code(node), _code(changed))
                if mutated is None:
                    mutated = wrapper.module.deep_replace(node, changed).code
                if mutated not in seen and _counts(node, changed, mutated):
                    seen.add(mutated)
                    yield Mutant(line, _code(node), _code(changed), mutated)


def _spliced(source: str, span: Any, before: str, after: str) -> str | None:
    """Return ``source`` with other code at ``span``, or None where it is not that.

    That is much faster than to write the whole tree again.
    """
    text = source.encode()
    start, end = span.start, span.start + span.length
    if text[start:end].decode() != before.strip():
        return None
    return (text[:start] + after.strip().encode() + text[end:]).decode()


class _Finder(cst.CSTVisitor):  # type: ignore[misc]
    """Collect the nodes that may be mutated, with their lines."""

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[Any, int, Any]] = []
        self._classes = 0
        self._functions = 0

    def on_visit(self, node: Any) -> bool:
        """Take a node, or leave it out with all that is below it."""
        if _is_left_out(node):
            return False
        if isinstance(node, cst.FunctionDef):
            self._functions += 1
        elif isinstance(node, cst.ClassDef):
            self._classes += 1
        # What a class body says was used when the class was made.
        if self._functions or not self._classes:
            position = self.get_metadata(PositionProvider, node)
            span = self.get_metadata(ByteSpanPositionProvider, node)
            self.found.append((node, position.start.line, span))
        return True

    def on_leave(self, original_node: Any) -> None:
        """Note that a function or a class ends."""
        super().on_leave(original_node)
        if isinstance(original_node, cst.FunctionDef):
            self._functions -= 1
        elif isinstance(original_node, cst.ClassDef):
            self._classes -= 1


def _is_left_out(node: Any) -> bool:
    if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom):
        return True
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.SimpleString):
        return True  # a docstring
    if isinstance(node, cst.If) and _code(node.test) == "TYPE_CHECKING":
        return True
    if isinstance(node, cst.Assign) and _code(node.targets[0].target) == "__all__":
        return True
    if isinstance(node, cst.Assign) and _code(node.value).startswith(_TYPES):
        return True  # a type
    if isinstance(node, cst.Arg) and node.keyword and node.keyword.value == "strict":
        return True
    return isinstance(node, cst.Call) and _code(node.func).startswith(_SAYS_ONLY)


def _code(node: Any) -> str:
    return str(cst.Module(body=[]).code_for_node(node))


def _counts(node: Any, changed: Any, source: str) -> bool:
    """Return whether this is a fault of a program that runs.

    A zip without its ``strict`` is none: that guards against one.
    """
    if _STRICT.sub("", _code(node)) == _STRICT.sub("", _code(changed)):
        return False
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _one_line(code: str) -> str:
    return " ".join(code.split())
