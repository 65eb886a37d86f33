"""Parts of a suite: each file is in one of them."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from devtools.pytest_plugin import _files_of


@pytest.mark.parametrize("parts", [1, 2, 3, 5])
def test_each_file_is_in_exactly_one_part(parts: int) -> None:
    counts = {"a": 40, "b": 3, "c": 3, "d": 1}
    items = [
        SimpleNamespace(path=Path(name)) for name, n in counts.items() for _ in range(n)
    ]
    found = [
        path
        for number in range(1, parts + 1)
        for path in _files_of(f"{number}/{parts}", items)  # type: ignore[arg-type]
    ]
    assert sorted(found) == [Path(name) for name in counts]
