"""What an entity's declaration refuses."""

import polars as pl
import pytest

from migration_platform.entity import Rule


def test_an_exception_without_a_kind_is_refused_where_it_is_declared() -> None:
    with pytest.raises(ValueError, match="rule unsigned: an exception"):
        Rule("unsigned", "excepted", pl.lit(True), "Nobody signed")


def test_a_kind_of_what_no_person_waits_for_is_refused() -> None:
    with pytest.raises(ValueError, match="rule old: an exception"):
        Rule("old", "archived", pl.lit(True), "Older than the window", "untranslated")
