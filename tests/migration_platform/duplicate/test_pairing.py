"""Who stays is chosen by people, and so is a pair that no search has found."""

from __future__ import annotations

import json

import pytest

from migration_platform.duplicate.merging import describe_likeness, list_likeness, propose_merge
from migration_platform.duplicate.pairing import propose_pair
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.exception import resolution
from migration_platform.exception.store import acts_on
from migration_platform.platform import Platform
from tests.migration_platform.duplicate.clinic import (
    CLEAN,
    charts,
    differing,
    digest,
    end,
    mark,
    merge,
    move,
    proposed,
    say,
    search,
)


@pytest.fixture
def searched(platform: Platform) -> Platform:
    """The clinic moved and searched."""
    move(platform)
    search(platform)
    return platform


def test_the_registration_that_waits_can_be_the_one_that_stays(searched: Platform) -> None:
    before = digest(searched)
    own, other = mark(searched, "ben-1"), mark(searched, "ben-2")

    number = propose_merge(searched, own, into=other, person="Bob", reason="same").number
    resolution.accept(searched, own, proposal=number, person="Ada", reason="called him")
    move(searched)

    # ben-1 is of cohort two; ben-2, who would have gone by the search's proposal, of cohort one.
    assert end(searched, "ben-1") == ("excluded", "merged into another patient")
    assert end(searched, "ben-2") == ("mapped", None)
    assert differing(searched, "two") == CLEAN
    assert other not in proposed(searched)
    assert describe_likeness(searched, other)[0]["merged"] == "merged into this one"
    resolution.reopen(searched, own, person="Ada", reason="two persons after all")
    move(searched)
    assert digest(searched) == before
    assert other in proposed(searched)


def test_the_second_person_accepts_exactly_what_was_proposed(searched: Platform) -> None:
    first, second = mark(searched, "anna-1"), mark(searched, "anna-2")
    number = propose_merge(searched, first, into=second, person="Ada", reason="same").number

    with pytest.raises(GateClosedError, match=f"Ada has proposed to merge {first} already"):
        propose_merge(searched, second, into=first, person="Bob", reason="the other way")
    with pytest.raises(ConfigurationError, match="has no open proposal"):
        resolution.accept(searched, second, proposal=number, person="Ada", reason="yes")
    with pytest.raises(GateClosedError, match="another person"):
        resolution.accept(searched, first, proposal=number, person="Ada", reason="yes")
    with pytest.raises(GateClosedError, match="for the clinical lead"):
        resolution.accept(searched, first, proposal=number, person="Bob", reason="yes")
    assert describe_likeness(searched, second)[0]["merged"] == (
        f"proposal {number} merges it into this one"
    )
    assert end(searched, "anna-1") == ("mapped", None)


def test_who_is_held_back_by_the_number_can_stay_and_is_held_back_again_when_it_is_undone(
    searched: Platform,
) -> None:
    before = digest(searched)
    merge(searched, "cora-1", "cora-2")
    move(searched, "one")

    assert end(searched, "cora-1") == ("excluded", "merged into another patient")
    assert end(searched, "cora-2") == ("mapped", None)
    assert charts(searched, "cora-1", "cora-2") == [
        ("seen cora-1", "Lindquist"), ("seen cora-2", "Lindquist"),
    ]  # fmt: skip
    assert differing(searched, "one") == CLEAN

    resolution.reopen(searched, mark(searched, "cora-1"), person="Ada", reason="two persons")
    move(searched, "one")
    assert end(searched, "cora-2") == ("excepted", "suspected-duplicate")
    assert digest(searched) == before


def test_a_pair_that_the_search_missed_is_decided_by_two_and_undone_like_any_other(
    searched: Platform,
) -> None:
    before = digest(searched)
    own, other = mark(searched, "p01"), mark(searched, "p07")
    with pytest.raises(ConfigurationError, match="in the exception queue"):
        propose_merge(searched, own, into=other, person="Bob", reason="same")

    propose_pair(searched, own, other="p07", person="Bob", reason="the clinic knows her by both")
    move(searched, "one")
    assert own in proposed(searched)
    assert charts(searched, "p01") == [("seen p01", "Benoit")]
    merge(searched, "p01", "p07")
    move(searched, "one")

    # p01 is Boris Benoit, p07 Hugo Abbott: nothing that a search compares is alike.
    assert charts(searched, "p01", "p07") == [("seen p01", "Abbott"), ("seen p07", "Abbott")]
    assert differing(searched, "one") == CLEAN
    resolution.reopen(searched, own, person="Ada", reason="two persons after all")
    move(searched, "one")
    assert digest(searched) == before
    assert own not in proposed(searched)


def test_the_one_who_was_paired_can_be_kept_apart_or_stay(searched: Platform) -> None:
    own, other = mark(searched, "p01"), mark(searched, "p07")
    propose_pair(searched, own, other=other, person="Bob", reason="may be")
    number = propose_merge(searched, other, into=own, person="Bob", reason="the other way").number
    resolution.reject(searched, other, proposal=number, person="Ada", reason="no")

    resolution.keep_apart(searched, own, person="Ada", reason="no")
    resolution.keep_apart(searched, other, person="Ada", reason="no")
    move(searched, "one")
    search(searched)

    assert proposed(searched).isdisjoint({own, other})
    with pytest.raises(GateClosedError, match=r"was decided about .* \(keep apart\)"):
        propose_pair(searched, own, other=other, person="Bob", reason="once more")


def test_a_pair_needs_two_known_registrations_a_reason_and_somebody_who_may(
    platform: Platform,
) -> None:
    def propose(own: str, other: str, person: str = "Bob", reason: str = "may be") -> None:
        propose_pair(platform, own, other=other, person=person, reason=reason)

    with pytest.raises(ConfigurationError, match="nobody has searched"):
        propose("p01", "p07")
    search(platform)
    with pytest.raises(ConfigurationError, match="is in no cohort that has run"):
        propose("p01", "p07")
    move(platform)
    for own, other, person, reason, says in (
        ("p01", "p01", "Bob", "may be", "one registration"),
        ("p01", "nobody", "Bob", "may be", "do not have nobody"),
        ("p01", "p07", "Mallory", "may be", "Mallory"),
        ("p01", "p07", "Bob", " ", "say why"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            propose(own, other, person, reason)
    with pytest.raises(GateClosedError, match="waits as a possible duplicate"):
        propose("anna-2", "anna-1")
    merge(platform, "anna-2", "anna-1")
    with pytest.raises(GateClosedError, match="it stays"):
        propose("anna-1", "p07")
    assert [
        a.action for n in ("p01", "anna-1") for a in acts_on(platform.store, mark(platform, n))
    ] == []


def test_a_pair_is_proposed_and_listed_from_the_command_line(
    searched: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Platform, "open", classmethod(lambda cls: searched))
    own, other = mark(searched, "p01"), mark(searched, "p07")

    said = say("duplicates", "propose", own, "--with", other, "--by", "Bob", "--reason", "may be")

    assert f"migration exception merge {own} --into {other}" in said.replace("\n", " ")
    *_, listed = json.loads(say("duplicates", "list", "--json"))["pairs"]
    assert (listed["token"], listed["other"], listed["proposed_by"]) == (own, other, "Bob")
    assert listed["probability"] is None
    assert "proposed by Bob" in say("duplicates", "list")
    assert f"may be the same person as {other} (mapped): as Bob proposed" in say(
        "exception", "show", own
    )
    assert list_likeness(searched)[1][-1]["decision"] == ""
