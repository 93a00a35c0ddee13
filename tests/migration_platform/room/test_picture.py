"""Pictures: what they show is said in words too, and nothing is drawn of nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

from migration_platform.room.page.picture import (
    draw_ages,
    draw_ends,
    draw_metrics,
    draw_timeline,
    draw_volume,
)
from migration_platform.room.table import Cell, make_table

LINE = {
    "applicable": True, "extracted": 10, "loaded": 7, "archived": 1, "excluded": 0, "excepted": 2,
}  # fmt: skip


def test_records_by_their_end_are_said_and_drawn_with_their_numbers() -> None:
    picture = draw_ends([LINE, {**LINE, "applicable": False}])

    assert picture is not None
    assert picture.words == "7 loaded, 1 archived, 0 excluded, 2 excepted of 10 extracted."
    texts = [e.text for e in ElementTree.fromstring(picture.svg).iter() if e.tag.endswith("text")]
    assert {"7", "1", "0", "2", "loaded", "excepted"} <= set(texts)


def test_an_account_that_is_not_finished_is_not_drawn() -> None:
    assert draw_ends([{**LINE, "loaded": None}]) is None
    assert draw_ends([]) is None


def test_what_is_late_stands_beyond_the_line() -> None:
    picture = draw_ages([3, 0, 0, 1, 2, 0, 0])

    assert picture is not None
    assert picture.words.startswith("4 in time, 2 late: 3 to 25 %")
    assert draw_ages([0] * 7) is None


def test_the_course_of_the_queue_is_drawn_from_two_days_on() -> None:
    picture = draw_volume([("2026-11-20", 80), ("2026-11-21", 12)])

    assert picture is not None
    assert picture.words == "80 on 2026-11-20, 12 on 2026-11-21."
    assert draw_volume([("2026-11-21", 12)]) is None


def test_a_figure_is_drawn_by_cohort_against_baseline_and_threshold() -> None:
    [picture] = draw_metrics(
        {
            "metrics": [
                {"name": "failed logins", "cohort": "one", "baseline": "12/300", "value": "9/200"},
                {"name": "failed logins", "cohort": "two", "baseline": "9/300", "value": None},
            ],
            "criteria": {
                "go": [],
                "triggers": [
                    {"measure": "failed logins", "bound": "at_most_percent", "value": "200"}
                ],
            },
        }
    )

    assert picture.words == (
        "one: now 9 of 200, baseline 12 of 300; two: now not recorded, baseline 9 of 300."
    )
    assert "rolls back beyond" in picture.svg


def test_times_are_those_of_the_readers_zone_and_a_page_needs_no_inline_style() -> None:
    at = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    table = make_table(
        "timeline", "", ("Cohort", "Wave", "State", "Patients", "First", "Loaded", "Reconciled"),
        [("one", "pilot", Cell("live"), 3, at, at, at.replace(minute=40)),
         ("two", "pilot", Cell("not run"), 3, None, None, None)],
        empty="",
    )  # fmt: skip

    picture = draw_timeline(table, "Europe/Berlin")

    assert picture is not None
    assert "Time (Europe/Berlin)" in picture.svg
    assert "00:3" in picture.svg
    assert "style=" not in picture.svg
    assert picture.words.startswith("1 cohort that began: one: live.")
