"""Whole charts on real databases: what is fragmented, drawn, judged, and what follows for the wave."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from migration_platform import stage as stages
from migration_platform.chart.chart import read_chart
from migration_platform.chart.review import (
    describe_charts,
    draw_sample,
    judge_chart,
    look_at_charts,
    read_sample,
)
from migration_platform.database import connect
from migration_platform.entity import Field, Reference, Rule, Source
from migration_platform.errors import MigrationError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from migration_platform.token import token
from migration_platform.translation import filled
from tests.decisions import sign_all
from tests.migration_platform.stage.small_migration import PATIENT, VISIT, destination, move, source


def name_of(platform: Platform, patient: str) -> str:
    return token(platform.settings.token_key(), "patient", patient)


def gaps(platform: Platform, cohort: str = "one") -> dict[tuple[str, str], tuple[int, int]]:
    found = look_at_charts(platform, cohort)
    assert found is not None
    return {(g["entity"], g["kind"]): (g["records"], g["charts"]) for g in found["gaps"]}


def wait_for_a_person(platform: Platform, note: str) -> None:
    """A rule by which visits of this note wait."""
    rule = Rule(
        "unclear",
        "excepted",
        filled("NOTE") == note,
        "A note that nobody understands",
        "untranslated",
    )
    platform.entities["visit"] = replace(VISIT, rules=(rule,))


def test_charts_are_whole_when_all_that_belongs_to_loaded_patients_is_there(
    platform: Platform,
) -> None:
    move(platform)

    found = look_at_charts(platform, "one")

    # Patient c waits, and the visit with them: no chart of theirs is at the destination at all.
    assert found is not None
    assert (found["patients"], found["charts"], found["whole"], found["gaps"]) == (3, 2, 2, [])


def test_a_record_that_waits_fragments_the_chart_of_a_loaded_patient(platform: Platform) -> None:
    wait_for_a_person(platform, "x")

    move(platform)

    found = look_at_charts(platform, "one")
    assert found is not None
    assert (found["charts"], found["whole"], found["fragmented"]) == (2, 1, 1)
    (gap,) = found["gaps"]
    assert (gap["entity"], gap["kind"], gap["records"]) == ("visit", "waiting for a person", 1)
    assert gap["tokens"] == [name_of(platform, "b")]


def test_what_is_missing_or_hangs_on_another_patient_fragments_the_chart(
    platform: Platform,
) -> None:
    move(platform)
    destination(platform, "DELETE FROM visit WHERE note = 'x'")
    destination(platform, "UPDATE visit SET patient_id = (SELECT id FROM patient WHERE name = 'Bea')"
                          " WHERE cost = -3")  # fmt: skip

    stages.reconcile(platform, "one", "visit")

    assert gaps(platform) == {
        ("visit", "missing at the destination"): (1, 1),
        ("visit", "hanging on another patient"): (1, 1),
    }
    found = look_at_charts(platform, "one")
    assert found is not None
    assert found["whole"] == 0


def test_a_link_that_the_source_has_and_the_destination_lacks_is_broken(
    platform: Platform,
) -> None:
    # A visit's note names a site; the source's platform has no sites, so that the link is lost.
    site = replace(PATIENT, name="site", source=Source("sites", ("Id",)))
    link = Field("site_id", "uuid", Reference("site", "NOTE", same_patient=False, absent=("y",)))
    visit = replace(VISIT, fields=(*VISIT.fields, link))
    platform.entities.clear()
    platform.entities.update({"site": site, "patient": PATIENT, "visit": visit})
    destination(platform, "ALTER TABLE visit ADD site_id uuid")
    stages.extract(platform, "reference", ["site"])
    stages.transform(platform, "reference", "site")

    move(platform)

    assert gaps(platform) == {("visit", "with a broken link"): (1, 1)}


def test_what_was_found_is_kept_until_the_cohort_is_another(platform: Platform) -> None:
    move(platform)
    first = look_at_charts(platform, "one")
    assert first is not None
    platform.staging.path("one", "visit", "extract").unlink()

    assert look_at_charts(platform, "one") == first

    destination(platform, "DELETE FROM visit WHERE note = 'x'")
    stages.reconcile(platform, "one", "patient")
    assert look_at_charts(platform, "one") == first
    stages.extract(platform, "one", ["visit"])
    stages.reconcile(platform, "one", "visit")
    assert gaps(platform) == {("visit", "missing at the destination"): (1, 1)}


def test_charts_whose_staged_files_are_gone_are_not_known(platform: Platform) -> None:
    move(platform)
    platform.staging.path("one", "visit", "mapped").unlink()

    assert look_at_charts(platform, "one") is None


def test_charts_of_a_cohort_that_is_not_through_are_not_known(platform: Platform) -> None:
    assert look_at_charts(platform, "one") is None
    assert read_sample(platform, "one") is None
    with pytest.raises(MigrationError, match="no loaded charts"):
        draw_sample(platform, "one")


def test_a_sample_is_drawn_once_and_again_only_if_something_else_is_asked(
    platform: Platform,
) -> None:
    move(platform)

    first = draw_sample(platform, "one", seed=5)

    assert {c.token for c in first.charts} == {name_of(platform, "a"), name_of(platform, "b")}
    assert (first.population, first.seed, first.drawn) == (2, 5, 1)
    assert draw_sample(platform, "one") == first
    assert draw_sample(platform, "one", 60, 5) == first
    assert draw_sample(platform, "one", 1, 5).drawn == 2
    assert draw_sample(platform, "one", 1, 6).drawn == 3


def judge(platform: Platform, patient: str, *, is_right: bool) -> str:
    _, sample = judge_chart(
        platform, name_of(platform, patient), is_right=is_right, person="Ada", comment="seen"
    )
    return sample.statement


def test_charts_judged_right_make_the_statement(platform: Platform) -> None:
    move(platform)
    draw_sample(platform, "one", seed=5)

    assert "1 of its 2 random charts is not judged" in judge(platform, "a", is_right=True)
    assert judge(platform, "b", is_right=True) == "All 2 charts were looked at, none wrong."
    assert sign_all(platform, "pilot").verdict == "promote"


def test_a_chart_judged_wrong_blocks_until_it_changed_and_was_judged_again(
    platform: Platform,
) -> None:
    move(platform)
    draw_sample(platform, "one", seed=5)
    mark = name_of(platform, "b")
    judge(platform, "b", is_right=False)

    seen = assemble_evidence(platform, "pilot")

    assert seen.verdict == "block"
    assert seen.reasons[0] == (
        f"cohort one has 1 chart judged wrong: look with `migration chart {mark}`"
    )
    # Drawing others does not make it go away.
    draw_sample(platform, "one", 1, next(
        s for s in range(50) if {c.token for c in draw_sample(platform, "one", 1, s).charts} != {mark}
    ))  # fmt: skip
    assert assemble_evidence(platform, "pilot").verdict == "block"

    source(platform.settings, """UPDATE visits SET "NOTE" = 'put right' WHERE "Id" = 'v3'""")
    move(platform)
    seen = assemble_evidence(platform, "pilot")
    assert seen.verdict == "hold"
    assert "judged wrong and changed since" in seen.reasons[0]

    judge(platform, "b", is_right=True)
    assert sign_all(platform, "pilot").verdict == "promote"


def test_a_wave_that_demands_judged_charts_holds_without_them(platform: Platform) -> None:
    demanding = [replace(w, min_sample_charts=30) for w in platform.plan.waves]
    platform.plan = replace(platform.plan, waves=tuple(demanding))
    move(platform)
    reason = (
        "0 random sample charts of cohort one are judged, and the wave demands 2: "
        "`migration sample-charts --cohort one`"
    )
    assert assemble_evidence(platform, "pilot").reasons[0] == reason
    draw_sample(platform, "one", seed=5)
    assert assemble_evidence(platform, "pilot").reasons[0] == reason

    judge(platform, "a", is_right=True)
    judge(platform, "b", is_right=True)
    assert sign_all(platform, "pilot").verdict == "promote"

    # Another patient joins the loaded ones: the sample was not drawn of these charts.
    source(platform.settings, """UPDATE people SET "NAME" = 'Cid' WHERE "Id" = 'c'""")
    move(platform)
    seen = assemble_evidence(platform, "pilot")
    assert "the wave demands 3" in seen.reasons[0]
    sample = read_sample(platform, "one")
    assert sample is not None
    assert sample.statement.startswith("It says nothing any more")


def test_only_a_chart_that_was_drawn_can_be_judged(platform: Platform) -> None:
    move(platform)

    with pytest.raises(MigrationError, match="no sample has a chart"):
        judge(platform, "a", is_right=True)


def test_a_judgement_cannot_be_changed_afterwards(platform: Platform) -> None:
    move(platform)
    draw_sample(platform, "one", seed=5)
    judge(platform, "a", is_right=False)

    for statement in (
        "UPDATE migration.chart_judgement SET is_right = true",
        "DELETE FROM migration.chart_judgement",
        "DELETE FROM migration.sampled_chart",
    ):
        with (
            connect(platform.settings, "platform") as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


def test_the_evidence_names_charts_by_token_and_holds_no_comment(platform: Platform) -> None:
    move(platform)
    draw_sample(platform, "one", seed=5)
    judge(platform, "a", is_right=True)

    [described] = describe_charts(platform, ["one"], platform.store.latest_runs(["one"]))
    said = str(described)
    document = str(assemble_evidence(platform, "pilot").document["charts"])

    for text in (said, document):
        assert name_of(platform, "a") in text
        assert "seen" not in text
        assert "Ann" not in text


def test_one_chart_is_shown_with_what_differs_marked(platform: Platform) -> None:
    move(platform)
    destination(platform, "UPDATE visit SET note = 'z' WHERE cost = 10.5")
    destination(platform, "DELETE FROM visit WHERE cost = -3")
    destination(platform, "INSERT INTO visit SELECT gen_random_uuid(), id, 'new' FROM patient "
                          "WHERE name = 'Ann'")  # fmt: skip

    chart = read_chart(platform, name_of(platform, "a"))

    assert chart.cohort == "one"
    states = [(r.entity, r.state, r.differing) for r in chart.records]
    assert states == [
        ("patient", "loaded", 0),
        ("visit", "loaded", 1),
        ("visit", "missing", 0),
        ("visit", "unexpected", 3),
    ]
    (note,) = [f for f in chart.records[1].fields if f.differs]
    assert (note.name, note.source, note.sent, note.destination) == ("note", {"NOTE": ""}, "", "z")


def test_a_record_that_stayed_is_shown_with_its_rule(platform: Platform) -> None:
    wait_for_a_person(platform, "x")
    move(platform)

    chart = read_chart(platform, name_of(platform, "b"))

    assert [(r.state, r.rule) for r in chart.records] == [("loaded", ""), ("excepted", "unclear")]


def test_a_chart_that_there_is_not_is_an_error(platform: Platform) -> None:
    move(platform)

    with pytest.raises(MigrationError, match="no patient of a cohort"):
        read_chart(platform, "0" * 16)
