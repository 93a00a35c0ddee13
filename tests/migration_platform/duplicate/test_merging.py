"""A merged patient's chart moves as the survivor's, and undoing it gives back what was there."""

from __future__ import annotations

from random import Random

from migration_platform import stage as stages
from migration_platform.chart.chart import read_chart
from migration_platform.chart.review import look_at_charts
from migration_platform.database import connect
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.exception import resolution
from migration_platform.exception.case import describe_case, read_values
from migration_platform.platform import Platform
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
    move_entity,
    proposed,
    results_of,
    search,
)
from tests.migration_platform.stage.small_migration import destination


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
