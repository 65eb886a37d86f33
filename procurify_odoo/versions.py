"""Which Odoo this is, read from what a server says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBERS = re.compile(r"(\d+)(?:\.(\d+))?")
OLDEST_SERIES = 14
NEWEST_MEASURED_SERIES = 19


@dataclass(frozen=True)
class Version:
    """A version such as 17.0, or 18.2 of Odoo Online.

    :param text: as the server writes it, e.g. ``saas~18.2+e``
    """

    text: str
    series: int
    minor: int = 0

    @classmethod
    def of(cls, text: str) -> Version:
        """Read the version in ``text``.

        :raises ValueError: there is no number in it
        """
        numbers = _NUMBERS.search(text)
        if not numbers:
            raise ValueError("This is not a version of Odoo")
        return cls(text, int(numbers[1]), int(numbers[2] or 0))

    def __str__(self) -> str:
        return f"{self.series}.{self.minor}"

    @property
    def is_supported(self) -> bool:
        """Whether there is a dialect for it."""
        return self.series >= OLDEST_SERIES

    @property
    def is_measured(self) -> bool:
        """Whether its dialect comes from measurements on servers of this series.

        That of a version between two series, or of a newer one, is that of the nearest
        older series.
        """
        return (
            self.minor == 0 and OLDEST_SERIES <= self.series <= NEWEST_MEASURED_SERIES
        )

    @property
    def has_json2(self) -> bool:
        """Whether it has the JSON-2 API."""
        return self.series >= 19
