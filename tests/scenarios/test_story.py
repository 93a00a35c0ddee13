"""The story of a migration under governance, as people live it: held, resolved, drilled, signed,
promoted; a figure trips, the wave is held, one cohort goes back, and nothing that was written is lost.

One long story, because each part stands on the one before, with the real Dagster, Postgres and Great
Expectations. `docs/runbook.md` says what to do in each of its situations.
"""

from __future__ import annotations

import csv
import json

import pytest

from tests.scenarios.conftest import READY, Project

AGE = (
    "SET session_replication_role = replica; "
    "UPDATE migration.drill SET drilled_at = drilled_at - interval '31 days'"
)
PEOPLE_OF = (
    "SELECT p.id::text, p.* FROM patient p JOIN migration.crosswalk c ON c.destination_id = p.id "
    "WHERE c.entity = 'patient' AND c.cohort = '{}' AND c.fingerprint IS NOT NULL ORDER BY p.id"
)


def write_down(project: Project) -> str:
    """A nurse corrects a patient's city at the destination; returns the patient's id there."""
    [first, *_] = project.query("destination", PEOPLE_OF.format("active-northeast"))
    project.query("destination", f"UPDATE patient SET city = 'Newtown' WHERE id = '{first[0]}'")
    return str(first[0])


def test_a_migration_under_governance(demoed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project = demoed
    heard = project.root / "heard.jsonl"
    hook = project.root / "notify"
    hook.write_text(f"#!/bin/sh\ncat >> {heard}\n")
    hook.chmod(0o700)
    monkeypatch.setenv("MIGRATION_NOTIFY", str(hook))

    # The pilot is held: by records that wait for a person, and by a drill that is too old.
    assert all(d["passed"] for d in project.ask("drill", "pilot")["drills"])
    project.query("platform", AGE)
    pilot = project.waves()["pilot"]
    assert pilot["verdict"] == "hold"
    assert "encounter.class_code" in pilot["reasons"][0]
    assert [r for r in pilot["reasons"] if "is older than 30 days: `migration drill" in r]
    waiting = project.ask("exceptions")["groups"]
    assert {"unmapped code"} <= {e["kind"] for e in waiting}
    assert all(e["owner"] and e["due_at"] for e in waiting)

    # Resolved, by a row in the code map (a correction of one record would stand here too).
    with (project.root / "assets/entities/code_maps/encounter_class.csv").open("a") as file:
        file.write("TELEVISIT,VR,virtual visit of the first app\n")
    assert project.ask("run", "--wave", "pilot")["passed"] is True
    assert "unmapped code" not in {e["kind"] for e in project.ask("exceptions")["groups"]}

    # Drilled, measured, ready, signed by two people, promoted.
    project.promote("pilot")
    assert project.waves()["pilot"]["sentence"] == "Wave pilot is promoted, by Eva Laurent."
    assert project.ask("triggers")["fine"] is True

    # The second wave loads. Its figures come in, and nothing has tripped.
    assert project.ask("run", "--wave", "active")["passed"] is True
    assert project.ask("triggers", expect=1)["waves"][1]["outcome"] == "cannot tell"
    project.measure({"active-northeast": "24/600", "active-elsewhere": "25/600"})
    assert project.ask("triggers", "--evaluate")["fine"] is True
    assert not heard.exists()

    # A figure trips: the wave is held at once, once, and somebody is told.
    project.measure({"active-northeast": "49/600"})
    for _ in range(2):
        looked = project.ask("triggers", "--evaluate", expect=1)
    held = next(w for w in looked["waves"] if w["wave"] == "active")
    assert (held["state"], held["held_by_trigger"], held["outcome"]) == ("held", True, "tripped")
    assert [t["said"] for t in held["triggers"] if t["state"] == "tripped"] == [
        "failed logins of cohort active-northeast: 49 of 600, tolerated is at most 200 % of its "
        "baseline 24 of 600"
    ]
    [told] = [json.loads(line) for line in heard.read_text().splitlines()]
    assert (told["event"], told["wave"]) == ("trigger tripped", "active")
    active = project.waves()["active"]
    assert active["verdict"] == "block"
    assert "It asks for a decision: resume or roll back, tripped since" in active["reasons"][0]
    project.migration("run", "--cohort", "active-elsewhere", "--entity", "patient", expect=1)
    resume = ("resume", "active", "--by", "Omar Haddad", "--reason", "the logins were reset")
    project.migration(*resume, expect=1)

    # One cohort goes back. What was written there since is carried out first; the other stays.
    patient = write_down(project)
    stays = project.query("destination", PEOPLE_OF.format("active-elsewhere"))
    back = ("rollback", "--cohort", "active-northeast")
    assert project.ask(*back, "--dry-run")["cohorts"][0]["writes"]
    project.ask(*back, "--by", "Eva Laurent", "--reason", "half of the logins fail")
    assert project.query("destination", PEOPLE_OF.format("active-northeast")) == []
    assert project.query("destination", PEOPLE_OF.format("active-elsewhere")) == stays
    [carried] = (project.home / "staging" / "active-northeast" / "carried-back").glob("*.csv")
    with carried.open(newline="") as opened:
        lines = [line for line in csv.DictReader(opened) if line["destination_id"] == patient]
    assert [(line["field"], line["found"]) for line in lines] == [("city", "Newtown")]
    assert lines[0]["owner"] == "operations lead"

    # With the cohort gone its trigger watches nobody; the wave may be resumed by a named person.
    assert project.ask("triggers")["fine"] is True
    project.migration(*resume)
    assert "was rolled back" in " ".join(project.waves()["active"]["reasons"])

    # Everything that was decided stands in the log, and the log is whole.
    entries = project.ask("log")
    assert [(d["wave"], d["action"]) for d in entries] == [
        ("pilot", "open"),
        *[("pilot", "ready")] * sum(map(len, READY.values())),
        ("pilot", "sign"),
        ("pilot", "sign"),
        ("pilot", "promote"),
        ("active", "open"),
        ("active", "hold"),
        ("active", "roll back"),
        ("active", "resume"),
    ]
    assert next(d["person"] for d in entries if d["action"] == "hold") == "the trigger"
    assert project.ask("log", "verify")["whole"] is True
