"""The catalogue: what it has, and that it names every class of faults there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migration_platform.fault.catalogue import (
    BENIGN,
    DOCUMENT_FAULTS,
    FAULTS,
    NOT_IN_CATALOGUE,
    covered_classes,
)

LIST = Path(__file__).parents[3].parent / "shared" / "FAULTS.md"
"""The list of all classes, if it lies beside the project."""


def test_no_two_entries_have_one_name() -> None:
    names = [e.name for catalogue in (FAULTS, DOCUMENT_FAULTS, BENIGN) for e in catalogue]

    assert len(names) == len(set(names))


def test_there_are_more_than_twenty_benign_changes_of_every_level() -> None:
    assert len(BENIGN) >= 20
    assert {c.level for c in BENIGN} == {
        "record", "rule", "table", "destination", "mapping", "file",
    }  # fmt: skip


def test_a_class_is_either_covered_or_left_out_with_a_reason() -> None:
    assert covered_classes().isdisjoint(NOT_IN_CATALOGUE)
    assert all(len(reason) > 20 for reason in NOT_IN_CATALOGUE.values())


@pytest.mark.skipif(not LIST.exists(), reason="the list of classes is not beside the project")
def test_every_class_of_the_list_is_named_once() -> None:
    listed: set[str] = set()
    for group, body in re.findall(r"^\*\*(.+?)\*\*: (.+)$", LIST.read_text("utf-8"), re.M):
        separator = "," if group.startswith("JSON") else ";"
        listed |= {each.strip().rstrip(".") for each in body.split(separator)}

    assert len(listed) > 150
    assert listed - covered_classes() - set(NOT_IN_CATALOGUE) == set()
    assert (covered_classes() | set(NOT_IN_CATALOGUE)) - listed == set()
