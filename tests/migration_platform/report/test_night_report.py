"""The page of a night: the verdict first, what differs next, provenance last, and no value."""

from __future__ import annotations

from datetime import UTC, date, datetime

from migration_platform.night.night import CohortNight, Finding, Night
from migration_platform.report import render_night_report

COUNTS = {"loaded": 3, "matched": 2, "mismatched": 1, "missing": 0, "unexpected": 0,
          "compared": 1, "unchanged": 1}  # fmt: skip
CLUSTER = {"leg": "destination", "entity": "visit", "field": "note", "kind": "case", "count": 1,
           "tokens": ["0dbd1f1b2a3c4d5e"], "waived": None}  # fmt: skip
PROOF = {
    "unchanged": {
        "patient": {
            "since": "2026-11-20T02:15:07.120000+00:00",
            "proof": {"rows": 2, "row_versions": "a" * 64, "inputs": "b" * 64, "code": "c" * 64},
        }
    },
    "source_not_proven": {"visit": 'cannot be proven: "visits" is a view'},
}
DRIFT = CohortNight(
    "one",
    (Finding("drift", "1 mismatched (most: 1 case in visit.note)"),),
    COUNTS,
    PROOF,
    (CLUSTER,),
)
QUIET = CohortNight("two", (), {**COUNTS, "matched": 3, "mismatched": 0, "compared": 0}, {}, ())


def page(*cohorts: CohortNight) -> str:
    night = Night(date(2026, 11, 21), datetime(2026, 11, 21, 5, 15, tzinfo=UTC), cohorts)
    history = [
        {"night": date(2026, 11, 21), "cohort": c.cohort, "outcome": c.outcome} for c in cohorts
    ]
    return render_night_report(night, history)


def test_the_verdict_is_the_title_and_the_first_line_and_what_differs_comes_before_the_rest() -> (
    None
):
    html = page(DRIFT, QUIET)

    sentence = "Night of 2026-11-21: of 2 live cohorts 1 drifted."
    assert f"<title>{sentence}" in html
    html = html[html.index("<body>") :]
    order = [f"<h1>{sentence}", "What to look at", "visit.note, destination", "0dbd1f1b2a3c4d5e", "Cohorts</h2>",
             "The last nights", "Where this comes from", "unchanged since 2026-11-20T02:15:07 UTC",
             "&#34;visits&#34; is a view", "Stated 2026-11-21 05:15:00 UTC"]  # fmt: skip
    assert [html.index(each) for each in order] == sorted(html.index(each) for each in order)


def test_a_quiet_night_has_nothing_to_look_at_and_needs_no_script_nor_another_file() -> None:
    html = page(QUIET, QUIET)

    assert "What to look at" not in html
    assert "all 2 live cohorts are as they were sent" in html
    assert "<script" not in html
    assert "http" not in html.replace("http://www.w3.org", "")


def test_a_waived_difference_is_shown_with_who_waived_it() -> None:
    waived = {
        **CLUSTER,
        "waived": {"person": "Ada", "until": "2026-12-31T23:59", "reason": "agreed"},
    }

    html = page(CohortNight("one", (), {**COUNTS, "waived": 1}, {}, (waived,)))

    assert "waived by Ada until 2026-12-31: agreed" in html
    assert "differences waived: 1" in html
