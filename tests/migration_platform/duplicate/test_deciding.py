"""Who may merge what into what, and what people decide of what comes with a merge."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from migration_platform.database import connect
from migration_platform.duplicate.merging import propose_merge
from migration_platform.entity import Rule
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.exception import resolution
from migration_platform.platform import Platform
from migration_platform.token import token
from tests.migration_platform.duplicate.clinic import (
    CLEAN,
    ENTITIES,
    charts,
    differing,
    digest,
    end,
    mark,
    merge,
    move,
    proposed,
    search,
)


def test_a_merge_needs_a_search_a_pair_and_two_persons(platform: Platform) -> None:
    move(platform)
    own, other = mark(platform, "cora-2"), mark(platform, "cora-1")
    with pytest.raises(ConfigurationError, match="nobody has searched"):
        propose_merge(platform, own, into=other, person="Bob", reason="same")
    search(platform)

    for into in (mark(platform, "anna-1"), own, "0" * 16):
        with pytest.raises(ConfigurationError, match=other):
            propose_merge(platform, own, into=into, person="Bob", reason="same")
    with pytest.raises(ConfigurationError, match="in the exception queue"):
        propose_merge(platform, mark(platform, "p01"), into=other, person="Bob", reason="same")
    number = propose_merge(platform, own, into=other, person="Ada", reason="same").number
    with pytest.raises(GateClosedError, match="has proposed to merge"):
        propose_merge(platform, own, into=other, person="Bob", reason="same")
    with pytest.raises(GateClosedError, match="another person"):
        resolution.accept(platform, own, proposal=number, person="Ada", reason="same")
    with pytest.raises(GateClosedError, match="for the clinical lead"):
        resolution.accept(platform, own, proposal=number, person="Bob", reason="same")
    move(platform, "one")
    assert end(platform, "cora-2") == ("excepted", "suspected-duplicate")


def test_two_that_are_kept_apart_both_move_and_are_not_proposed_again(platform: Platform) -> None:
    move(platform)
    search(platform)

    resolution.keep_apart(platform, mark(platform, "anna-2"), person="Ada", reason="two sisters")
    move(platform, "one")
    search(platform)

    assert charts(platform, "anna-1", "anna-2") == [
        ("seen anna-1", "Bergstrom"), ("seen anna-2", "Bergstrom-Lee"),
    ]  # fmt: skip
    assert proposed(platform) == {mark(platform, "ben-2"), mark(platform, "zoe")}


def test_merges_are_one_step_long(platform: Platform) -> None:
    with connect(platform.settings, "source") as connection:
        connection.execute(
            "INSERT INTO people VALUES ('anna-3', 'Anna', 'Bergstrom-Lee', '1980-03-04', '555-0191', "
            "'', 'MA')"
        )
    move(platform)
    search(platform)
    merge(platform, "anna-3", "anna-2")

    own, second = mark(platform, "anna-2"), mark(platform, "anna-3")
    number = propose_merge(
        platform, own, into=mark(platform, "anna-1"), person="Bob", reason="same"
    ).number
    with pytest.raises(GateClosedError, match=f"{second} is merged into {own}"):
        resolution.accept(platform, own, proposal=number, person="Ada", reason="same")
    resolution.reopen(platform, second, person="Ada", reason="into the first one")
    resolution.accept(platform, own, proposal=number, person="Ada", reason="same")
    number = propose_merge(platform, second, into=own, person="Bob", reason="same").number
    with pytest.raises(GateClosedError, match="is merged itself"):
        resolution.accept(platform, second, proposal=number, person="Ada", reason="same")
    resolution.reject(platform, second, proposal=number, person="Ada", reason="not into that")
    merge(platform, "anna-3", "anna-1")
    move(platform, "one")

    assert [name for _, name in charts(platform, "anna-1", "anna-2", "anna-3")] == ["Bergstrom"] * 2
    assert differing(platform, "one") == CLEAN


def test_nothing_is_merged_into_an_archived_patient_but_an_archived_one_into_who_moves(
    platform: Platform,
) -> None:
    left = pl.col("LAST").is_in(["Bergstrom", "Lindqvist"])
    gone = Rule("has-left", "archived", left, "The patient has left")
    platform.entities = {**ENTITIES, "patient": replace(ENTITIES["patient"], rules=(gone,))}
    move(platform)
    search(platform)

    with pytest.raises(ConfigurationError, match=r"is archived \(has-left\)"):
        merge(platform, "cora-2", "cora-1")
    merge(platform, "anna-1", "anna-2")
    move(platform, "one")

    assert end(platform, "anna-1") == ("excluded", "merged into another patient")
    assert charts(platform, "anna-1", "anna-2") == [
        ("seen anna-1", "Bergstrom-Lee"), ("seen anna-2", "Bergstrom-Lee"),
    ]  # fmt: skip
    assert differing(platform, "one") == CLEAN


def test_what_a_person_has_once_waits_and_is_decided_for_as_long_as_the_merge(
    platform: Platform,
) -> None:
    once = Rule("one-visit", "excepted", pl.col("PATIENT.merged"), "", "second of one person")
    visit = replace(ENTITIES["visit"], rules=(once,))
    platform.entities = {**ENTITIES, "visit": visit}
    key = platform.settings.token_key()
    move(platform)
    search(platform)
    before = digest(platform)
    for name in ("anna", "cora"):
        merge(platform, f"{name}-2", f"{name}-1")
    move(platform, "one")
    assert end(platform, "v-anna-2", "visit") == ("excepted", "one-visit")
    assert end(platform, "r-anna-2", "result") == ("excepted", "waits for visit")

    own, other = (token(key, "visit", f"v-{name}-2") for name in ("anna", "cora"))
    resolution.exclude(platform, own, person="Bob", reason="the first one has it")
    resolution.keep_apart(platform, other, person="Bob", reason="the first one has none")
    with pytest.raises(ConfigurationError, match="a record of visit"):
        propose_merge(platform, own, into=other, person="Bob", reason="same")
    move(platform, "one")
    assert end(platform, "v-anna-2", "visit") == ("excluded", "excluded by decision")
    assert charts(platform, "anna-2", "cora-2") == [("seen cora-2", "Lindqvist")]
    assert differing(platform, "one") == CLEAN

    for name in ("anna", "cora"):
        resolution.reopen(platform, mark(platform, f"{name}-2"), person="Ada", reason="undone")
    move(platform, "one")
    assert charts(platform, "anna-2") == [("seen anna-2", "Bergstrom-Lee")]
    assert digest(platform) == before
