"""A merged patient's chart moves as the survivor's, and undoing it gives back what was there."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import polars as pl
import pytest
from psycopg import sql

from migration_platform import resolution
from migration_platform import stage as stages
from migration_platform.chart import read_chart
from migration_platform.chart_review import look_at_charts
from migration_platform.database import connect
from migration_platform.destination.digest import digest_tables
from migration_platform.duplicate.merging import propose_merge
from migration_platform.entity import Rule
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.exception_case import describe_case, read_values
from migration_platform.exception_store import list_open
from migration_platform.governance import assemble_evidence
from migration_platform.ledger import account_for
from migration_platform.platform import Platform
from migration_platform.token import token
from migration_platform.trace import trace_record
from tests.migration_platform.duplicate.clinic import (
    ENTITIES,
    mark,
    merge,
    move,
    move_entity,
    search,
)
from tests.migration_platform.stage.small_migration import destination


def charts(platform: Platform, *names: str) -> list[tuple[str, str]]:
    """Whose visits these patients' are at the destination: note, and the patient's family name."""
    notes = ", ".join(f"'seen {name}'" for name in names)
    return destination(
        platform,
        "SELECT v.note, p.last_name FROM visit v JOIN patient p ON p.id = v.patient_id "
        f"WHERE v.note IN ({notes}) ORDER BY 1",
    )


def results_of(platform: Platform, visit: str) -> list[tuple[str]]:
    """The family name of the patient of a visit's result."""
    return destination(
        platform,
        "SELECT p.last_name FROM result r JOIN patient p ON p.id = r.patient_id "
        f"JOIN visit v ON v.id = r.visit_id WHERE v.note = 'seen {visit}'",
    )


def digest(platform: Platform) -> str:
    tables = [sql.Identifier(name) for name in ENTITIES]
    with platform.destination() as connection:
        return digest_tables(connection, tables)


def proposed(platform: Platform) -> set[str]:
    """The possible duplicates of cohort one that wait for a person."""
    rows = list_open(platform.store, ["one"], kind="possible duplicate", owner="clinical lead")
    return {row["token"] for row in rows}


def end(platform: Platform, source_id: str, entity: str = "patient") -> tuple[str, str | None]:
    found = trace_record(platform, entity, source_id)
    return found.end, found.rule


def differing(platform: Platform, cohort: str) -> dict[str, tuple[int, int, int, bool | None]]:
    """Mismatched, missing and unexpected of each entity, and whether it balances."""
    return {
        a.entity: (a.mismatched or 0, a.missing or 0, a.unexpected or 0, a.balanced)
        for a in account_for(platform, [cohort])
    }


CLEAN = dict.fromkeys(ENTITIES, (0, 0, 0, True))


def test_a_merged_patient_stays_behind_and_its_chart_moves_as_the_survivors(
    platform: Platform,
) -> None:
    move(platform)
    search(platform)
    assert charts(platform, "anna-1", "anna-2") == [
        ("seen anna-1", "Bergstrom"), ("seen anna-2", "Bergstrom-Lee"),
    ]  # fmt: skip

    merge(platform, "anna-2", "anna-1")
    assert any("run the cohort again" in r for r in assemble_evidence(platform, "pilot").reasons)
    move(platform, "one")

    assert charts(platform, "anna-1", "anna-2") == [
        ("seen anna-1", "Bergstrom"), ("seen anna-2", "Bergstrom"),
    ]  # fmt: skip
    assert results_of(platform, "anna-2") == [("Bergstrom",)]
    assert end(platform, "anna-2") == ("excluded", "merged into another patient")
    assert end(platform, "v-anna-2", "visit") == ("mapped", None)
    assert differing(platform, "one") == CLEAN
    assert proposed(platform) == {mark(platform, "ben-2"), mark(platform, "zoe")}
    [ruled] = assemble_evidence(platform, "pilot").document["rulings"]
    assert (ruled["effect"], ruled["count"]) == ("merge", 1)


def test_undoing_a_merge_gives_back_the_same_bytes_with_the_same_ids(platform: Platform) -> None:
    move(platform)
    search(platform)
    before = digest(platform)
    own_id = destination(platform, "SELECT id::text FROM patient WHERE last_name LIKE '%-Lee'")
    merge(platform, "anna-2", "anna-1")
    move(platform, "one")
    merged = digest(platform)

    resolution.reopen(platform, mark(platform, "anna-2"), person="Ada", reason="two sisters")
    move(platform, "one")

    assert digest(platform) == before != merged
    assert differing(platform, "one") == CLEAN
    assert (
        destination(platform, "SELECT id::text FROM patient WHERE last_name LIKE '%-Lee'") == own_id
    )
    assert mark(platform, "anna-2") in proposed(platform)
    merge(platform, "anna-2", "anna-1")
    move(platform, "one")
    assert digest(platform) == merged


def test_a_chart_waits_until_its_survivor_of_another_cohort_is_loaded(platform: Platform) -> None:
    move(platform, "one")
    search(platform)
    merge(platform, "ben-2", "ben-1")
    move(platform, "one")

    assert end(platform, "v-ben-2", "visit") == ("excepted", "waits for patient")
    assert charts(platform, "ben-2") == []
    assert differing(platform, "one") == CLEAN

    move(platform, "two")
    assert any(
        "visit, or what it refers to, is newer" in r
        for r in assemble_evidence(platform, "pilot").reasons
    )
    move(platform, "one")

    assert charts(platform, "ben-1", "ben-2") == [
        ("seen ben-1", "Okafor"), ("seen ben-2", "Okafor"),
    ]  # fmt: skip
    [(patients,)] = destination(platform, "SELECT count(*) FROM patient WHERE last_name = 'Okafor'")
    assert patients == 1
    assert differing(platform, "one") == differing(platform, "two") == CLEAN


def test_a_suspected_duplicate_is_merged_and_taken_back(platform: Platform) -> None:
    move(platform)
    search(platform)
    before = digest(platform)
    assert end(platform, "cora-2") == ("excepted", "suspected-duplicate")

    merge(platform, "cora-2", "cora-1")
    move(platform, "one")
    assert charts(platform, "cora-1", "cora-2") == [
        ("seen cora-1", "Lindqvist"), ("seen cora-2", "Lindqvist"),
    ]  # fmt: skip
    assert differing(platform, "one") == CLEAN

    resolution.reopen(platform, mark(platform, "cora-2"), person="Ada", reason="not sure")
    move(platform, "one")
    assert end(platform, "cora-2") == ("excepted", "suspected-duplicate")
    assert digest(platform) == before


def test_reconciliation_finds_a_record_that_hangs_on_the_wrong_of_the_two(
    platform: Platform,
) -> None:
    move(platform)
    search(platform)
    merge(platform, "anna-2", "anna-1")
    move(platform, "one")
    resolution.reopen(platform, mark(platform, "anna-2"), person="Ada", reason="two sisters")

    # The patient has their own record again; nobody has mapped the visits anew.
    stages.transform(platform, "one", "patient")
    undone = stages.reconcile(platform, "one", "visit")
    assert (undone.clean, undone.counts["mismatched"]) == (False, 1)
    [run] = [r for r in platform.store.latest_runs(["one"], "visit") if r.stage == "reconcile"]
    assert {(c["leg"], c["field"]) for c in run.detail["clusters"]} == {("mapping", "patient_id")}

    # The other way round: merged again, and the visits still hang on the patient that stays behind.
    for entity in ENTITIES:
        move_entity(platform, "one", entity)
    assert differing(platform, "one") == CLEAN
    merge(platform, "anna-2", "anna-1")
    stages.transform(platform, "one", "patient")
    merged = stages.reconcile(platform, "one", "visit")
    assert (merged.clean, merged.counts["mismatched"]) == (False, 1)


def test_a_record_that_is_moved_to_the_wrong_patient_at_the_destination_is_found(
    platform: Platform,
) -> None:
    move(platform)
    search(platform)
    merge(platform, "anna-2", "anna-1")
    move(platform, "one")

    destination(
        platform,
        "UPDATE visit SET patient_id = (SELECT id FROM patient WHERE first_name = 'Timothy') "
        "WHERE note = 'seen anna-2'",
    )

    found = stages.reconcile(platform, "one", "visit")
    assert (found.clean, found.counts["mismatched"]) == (False, 1)


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


def test_the_survivors_chart_has_the_records_of_both(platform: Platform) -> None:
    move(platform)
    search(platform)
    merge(platform, "anna-2", "anna-1")
    merge(platform, "ben-2", "ben-1")
    move(platform, "one")

    both = read_chart(platform, mark(platform, "anna-1"))
    assert [(r.entity, r.state, r.rule, r.differing) for r in both.records] == [
        ("patient", "loaded", "", 0),
        ("patient", "excluded", "merged into another patient", 0),
        ("visit", "loaded", "", 0),
        ("visit", "loaded", "", 0),
        ("result", "loaded", "", 0),
        ("result", "loaded", "", 0),
    ]
    own = read_chart(platform, mark(platform, "ben-2"))
    assert [(r.entity, r.state) for r in own.records] == [
        ("patient", "excluded"), ("visit", "loaded"), ("result", "loaded"),
    ]  # fmt: skip
    charts_of_one = look_at_charts(platform, "one")
    assert charts_of_one is not None
    # All but the second registration that nobody has decided about.
    assert (charts_of_one["patients"], charts_of_one["charts"], charts_of_one["whole"]) == (
        35, 34, 34,
    )  # fmt: skip


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


def test_a_survivor_that_leaves_takes_what_was_merged_into_it_along(platform: Platform) -> None:
    move(platform)
    search(platform)
    merge(platform, "ben-2", "ben-1")
    move(platform)
    with connect(platform.settings, "source") as connection:
        connection.execute("UPDATE people SET \"FIRST\" = '' WHERE \"Id\" = 'ben-1'")

    move(platform)
    assert end(platform, "ben-1") == ("excepted", "required but empty")
    assert charts(platform, "ben-1", "ben-2") == []
    missing = stages.reconcile(platform, "one", "visit")
    assert (missing.clean, missing.counts["missing"]) == (False, 1)
    move(platform, "one")

    assert end(platform, "v-ben-2", "visit") == ("excepted", "waits for patient")
    assert differing(platform, "one") == differing(platform, "two") == CLEAN


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


def test_a_case_names_the_other_by_token_and_shows_both_only_to_who_asks(
    platform: Platform,
) -> None:
    move(platform)
    search(platform)

    case = describe_case(platform, mark(platform, "anna-2"))

    [like] = case["duplicates"]
    assert like["token"] == mark(platform, "anna-1")
    assert "phone" in like["agrees"]
    assert "Bergstrom" not in str(case)
    assert "555-0191" not in str(case)
    shown = read_values(platform, case)
    assert shown["source"]["LAST"] == "Bergstrom-Lee"
    assert shown["others"][mark(platform, "anna-1")]["LAST"] == "Bergstrom"


def test_what_is_there_follows_from_the_merges_in_force_and_not_from_how_they_came(
    platform: Platform,
) -> None:
    random, into = Random(3), {"anna-2": "anna-1", "ben-2": "ben-1", "cora-2": "cora-1"}
    move(platform)
    search(platform)
    seen = {frozenset[str](): digest(platform)}
    in_force: set[str] = set()

    for _ in range(3):
        for name in random.sample(sorted(into), random.randint(1, 3)):
            if name in in_force:
                resolution.reopen(platform, mark(platform, name), person="Ada", reason="undone")
            else:
                merge(platform, name, into[name])
            in_force ^= {name}
        move(platform, "one")
        assert differing(platform, "one") == CLEAN
        assert seen.setdefault(frozenset(in_force), digest(platform)) == digest(platform)
    for name in sorted(in_force):
        resolution.reopen(platform, mark(platform, name), person="Ada", reason="undone")
    move(platform, "one")

    assert digest(platform) == seen[frozenset()]
    assert len(seen) > 2
