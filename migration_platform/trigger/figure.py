"""Figure: a number from operation, exactly as it was counted: `4.5`, or `9/200` for nine of two hundred.

Pure. A count keeps what it is out of, so that nothing is divided before it is judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,12})?"
FORM = re.compile(rf"({NUMBER})(?:\s*/\s*({NUMBER}))?")


@dataclass(frozen=True, slots=True)
class Figure:
    """`denominator` None: a plain number."""

    numerator: Decimal
    denominator: Decimal | None = None

    @property
    def value(self) -> Fraction | None:
        """The exact value. None for something out of nothing: that says nothing."""
        if self.denominator is None:
            return Fraction(self.numerator)
        return Fraction(self.numerator) / Fraction(self.denominator) if self.denominator else None

    @property
    def text(self) -> str:
        """One text for one figure: `4.5`, `9/200`."""
        parts = [self.numerator] if self.denominator is None else [self.numerator, self.denominator]
        return "/".join(f"{part.normalize():f}" for part in parts)

    @property
    def words(self) -> str:
        """For a sentence: `4.5`, `9 of 200`."""
        if self.denominator is None:
            return f"{self.numerator.normalize():,f}"
        return f"{self.numerator.normalize():,f} of {self.denominator.normalize():,f}"


def read_figure(text: str) -> Figure:
    """The figure that a text names. Raises ValueError with what is expected."""
    found = FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError("give a number from 0 up, or a count out of a whole, as in 9/200")
    numerator, denominator = found.groups()
    return Figure(Decimal(numerator), None if denominator is None else Decimal(denominator))
