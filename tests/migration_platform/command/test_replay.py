"""Replay: a kept document has one verdict, on any machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from migration_platform.evidence.evidence import canonical, evidence_digest

ROOT = Path(__file__).parents[3]


def document(**other: Any) -> dict[str, Any]:
    """Evidence of a small wave that may be promoted, written by hand."""
    cohort = {
        "name": "one", "patients": 3, "loaded": 3, "unassigned": 0, "as_of": None,
        "may_be_empty": False, "missing_stages": [], "outdated": [], "night": [],
        "reconciled_at": "2026-11-21T10:00:00+00:00",
    }  # fmt: skip
    found: dict[str, Any] = {
        "wave": "pilot",
        "criteria": {
            "max_patients": None, "max_excepted_percent": 4.0, "max_unmapped_codes": 0,
            "freshness_hours": 24, "min_sample_charts": 0, "drill_days": 0, "decided": True, "sign_offs": [], "go": [], "triggers": [],
        },
        "sealed": {"seal": "5" * 64, "changes": []},
        "cohorts": [cohort],
        "accounting": [],
        "checks": [],
        "reconciliation": [],
        "charts": [],
        "blind_spots": [],
        "exceptions": [],
        "rollbacks": [],
        "drills": [],
        "metrics": [],
        "readiness": [
            {"name": "told", "owner": "compliance", "due": "2026-11-20", "says": "…",
             "done": {"person": "Dana", "reason": "seen", "at": "2026-11-19T10:00:00+00:00"}}
        ],
        "versions": {"code": "c" * 64},
        "state": {"name": "open", "person": "", "reason": "", "at": ""},
        "log": {"entries": 1, "head": "h"},
        "tripped_since": {},
        "sign_offs": [],
        "assembled_at": "2026-11-21T12:00:00+00:00",
        **other,
    }  # fmt: skip
    found["digest"] = evidence_digest(found)
    return found


def replay(tmp_path: Path, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """On a machine that has the code, and neither a project, settings nor a database."""
    (tmp_path / "kept.json").write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "migration_platform", "replay", "kept.json", *words],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_same_document_has_the_same_verdict_at_its_own_instant(tmp_path: Path) -> None:
    done = replay(tmp_path, canonical(document()), "--json")

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["verdict"], answer["reasons"]) == ("promote", [])
    assert answer["at"] == "2026-11-21T12:00:00+00:00"
    assert not list(tmp_path.glob(".migration*"))


def test_freshness_is_judged_at_the_instant_that_is_asked_for(tmp_path: Path) -> None:
    done = replay(tmp_path, canonical(document()), "--at", "2026-11-22T10:00:01", "--json")

    answer = json.loads(done.stdout)
    assert answer["verdict"] == "hold"
    assert answer["reasons"] == [
        "the reconciliation of cohort one is older than 24 hours: run the cohort again"
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("criteria", {**document()["criteria"], "max_unmapped_codes": 5}),
        ("accounting", [{"cohort": "one"}]),
        ("readiness", []),
        ("versions", {}),
    ],
)
def test_an_altered_document_is_refused(tmp_path: Path, name: str, value: Any) -> None:
    done = replay(tmp_path, canonical({**document(), name: value}))

    assert done.returncode == 1
    assert "was altered" in done.stderr


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"digest": "a"}', "no JSON"])
def test_what_is_no_evidence_is_an_error(tmp_path: Path, text: str) -> None:
    done = replay(tmp_path, text)

    assert done.returncode == 2
    assert "is no evidence document" in done.stderr


def test_evidence_of_other_code_says_which(tmp_path: Path) -> None:
    other = document(criteria={"freshness_hours": 24})

    done = replay(tmp_path, canonical(other))

    assert done.returncode == 2
    assert "its version is cccccccccccc" in done.stderr


def test_an_instant_that_is_none_is_an_error(tmp_path: Path) -> None:
    done = replay(tmp_path, canonical(document()), "--at", "tomorrow")

    assert done.returncode == 2
    assert "give an instant" in done.stderr


def test_times_of_looking_and_sign_offs_are_outside_the_digest() -> None:
    looked = datetime(2026, 11, 21, 13, tzinfo=UTC).isoformat()
    before = document()
    cohorts = [{**before["cohorts"][0], "reconciled_at": looked}]

    after = document(cohorts=cohorts, assembled_at=looked, sign_offs=[{"person": "Ada"}])

    assert after["digest"] == before["digest"]
    assert document(metrics=[{"value": "4"}])["digest"] != before["digest"]
