"""Catalogue: every fault and every benign change, and what is not in it and why.

`NOT_IN_CATALOGUE` names classes of faults that no mutator plants, each with the reason. Both
together are all classes that the project knows of; the blind spots print what is left out.
"""

from __future__ import annotations

from random import Random

from migration_platform.fault.benign import CHANGES, Change
from migration_platform.fault.code import CODE_FAULTS
from migration_platform.fault.document import DOCUMENTS
from migration_platform.fault.fault import TEXT, DocumentFault, Fault, fault, of_text
from migration_platform.fault.instant import TIMES
from migration_platform.fault.key import KEYS
from migration_platform.fault.number import NUMBERS
from migration_platform.fault.row import ROWS
from migration_platform.fault.structured import STRUCTURED
from migration_platform.fault.text import STRINGS, phrase
from migration_platform.fault.unplanted import NOT_IN_CATALOGUE as NOT_IN_CATALOGUE


def _busy(text: str, random: Random) -> str:
    return f"{text} {random.getrandbits(32):x}"


BUSY = fault(
    "busy record wrong",
    "rows",
    "a record is written all the time and is wrong at each look, each time otherwise",
    ('busy rows always "suspended"',),
    of_text(_busy),
    TEXT,
    make=phrase,
    restless=True,
)

FAULTS: tuple[Fault, ...] = (
    *ROWS,
    BUSY,
    *KEYS,
    *STRINGS,
    *NUMBERS,
    *TIMES,
    *CODE_FAULTS,
    *STRUCTURED,
)

DOCUMENT_FAULTS: tuple[DocumentFault, ...] = DOCUMENTS

BENIGN: tuple[Change, ...] = tuple(CHANGES)


def covered_classes() -> set[str]:
    """Every class of faults, or of benign changes, that something in the catalogue stands for."""
    return {c for each in (*FAULTS, *DOCUMENT_FAULTS, *BENIGN) for c in each.covers}
