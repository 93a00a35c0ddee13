"""The pilot wave, end to end: from a demo to a promoted pilot and a second wave.

One long story, because each part stands on the one before, with the real Dagster, Postgres and
Great Expectations.
"""

from __future__ import annotations

import json
from typing import Any

from tests.scenarios.conftest import READY, Project

WRITES = (
    "SELECT (SELECT count(*) FROM migration.journal), (SELECT count(*) FROM migration.load), "
    "(SELECT max(load_id) FROM migration.crosswalk)"
)


def balanced(accounts: list[dict[str, Any]]) -> None:
    """Every account adds up, counted here once more."""
    for a in accounts:
        if not a["applicable"]:
            assert a["balanced"] is None, a
            continue
        ends = a["loaded"] + a["archived"] + a["excluded"] + a["excepted"]
        assert a["extracted"] == ends, a
        assert a["loaded"] == a["matched"] + a["mismatched"] + a["missing"], a
        assert a["balanced"] is (None if a["extracted"] == 0 else True), a


def test_from_a_demo_to_a_promoted_pilot_and_what_happens_after(demoed: Project) -> None:
    project = demoed
    assert project.ask("sample", "--patients", "240", "--seed", "7")["new_migration"] is False

    # The pilot is loaded and balances, and is held: its encounters have a code that nobody mapped.
    accounts = project.ask("accounting")
    balanced(accounts)
    assert {a["cohort"] for a in accounts} == {"reference", "pilot-weight", "pilot-skin"}
    assert all(
        a["mismatched"] == a["missing"] == a["unexpected"] == 0 for a in accounts if a["applicable"]
    )
    assert sum(a["loaded"] for a in accounts) > 500
    pilot = project.waves()["pilot"]
    assert pilot["verdict"] == "hold"
    assert "encounter.class_code" in pilot["reasons"][0]
    project.migration("promote", "pilot", "--by", "Eva Laurent", "--reason", "trying", expect=1)

    # The gate of the next wave is closed, whatever is asked of it.
    project.migration("run", "--wave", "active", expect=1)
    project.migration("run", "--cohort", "active-northeast", "--entity", "patient", expect=1)

    # A row in the code map, another run: what waited follows, nothing else is written.
    code_map = project.root / "assets/entities/code_maps/encounter_class.csv"
    with code_map.open("a") as file:
        file.write("TELEVISIT,VR,virtual visit of the first app\n")
    assert "the mapping of encounter changed" in " ".join(project.waves()["pilot"]["reasons"])
    project.ask("run", "--wave", "pilot")
    balanced(project.ask("accounting"))
    pilot = project.waves()["pilot"]
    assert pilot["verdict"] == "hold"
    assert [reason.split(":")[0] for reason in pilot["reasons"]] == [
        "the rollback of cohort pilot-weight was never rehearsed",
        "the rollback of cohort pilot-skin was never rehearsed",
        "nobody can tell whether a rollback trigger has tripped",
        "nobody can tell whether a rollback trigger has tripped",
        "not ready",
        "not ready",
        "not ready",
        "not signed yet by the clinical lead and the operations lead",
    ]

    # Both sides add up to the same without the mapping; charts are whole but for what waits.
    totals = project.ask("totals")
    assert {t["outcome"] for t in totals} <= {"equal", "nothing to compare"}
    assert sum(t["outcome"] == "equal" for t in totals) > 40
    for each in project.ask("completeness", "--wave", "pilot"):
        whole = each["completeness"]
        assert whole["charts"] == whole["whole"] + whole["fragmented"] > 20
        assert {g["kind"] for g in whole["gaps"]} <= {"waiting for a person"}

    # Charts are drawn, one is judged wrong and blocks, and judged right it does not.
    drawn = project.ask("sample-charts", "pilot", "--charts", "5", "--seed", "3")
    assert [sum(c["is_random"] for c in s["charts"]) for s in drawn] == [5, 5]
    assert project.ask("sample-charts", "pilot") == drawn
    chart = drawn[0]["charts"][0]["token"]
    assert "0 differing" in project.migration(
        "chart", chart, "--by", "Dana Ortiz", "--reason", "sample chart"
    )
    project.ask(
        "judge-chart", chart, "--wrong", "--by", "Dana Ortiz", "--comment", "a dose is missing"
    )
    blocked = project.waves()["pilot"]
    assert blocked["verdict"] == "block"
    assert "1 chart judged wrong" in blocked["reasons"][0]
    project.ask("judge-chart", chart, "--right", "--by", "Dana Ortiz")
    assert project.waves()["pilot"]["reasons"][:3] == pilot["reasons"][:3]

    # Running again writes no row.
    before = project.query("destination", WRITES)
    again = project.ask("run", "--wave", "pilot")
    assert [c["written"] for c in again["cohorts"]] == [0, 0, 0]
    assert project.query("destination", WRITES) == before

    # The way back is rehearsed, and the figures from operation are known.
    assert all(d["passed"] for d in project.ask("drill", "pilot")["drills"])
    assert project.measure({"pilot-weight": "12/300", "pilot-skin": "9/300"})["new"] == 2

    # What no query can see is said to be done by who owns it.
    operations = READY["Omar Haddad"]
    project.migration(
        "ready", "pilot", *operations, "--by", "Lena Fischer", "--note", "seen", expect=1
    )
    for person, items in READY.items():
        done = project.ask("ready", "pilot", *items, "--by", person, "--note", "seen")
        assert [d["detail"]["item"] for d in done["decisions"]] == list(items)

    # A decision rests on exactly what was read, and signed by two.
    kept = project.root / "pilot.json"
    kept.write_text(project.migration("evidence", "pilot", "--json"))
    document = json.loads(kept.read_text())
    assert project.waves()["pilot"]["evidence_digest"] == document["digest"]
    clinical = ("--by", "Dana Ortiz", "--role", "clinical lead", "--statement", "read")
    project.migration("sign", "pilot", *clinical, "--evidence", "0" * 12, expect=1)
    project.migration("sign", "pilot", *clinical, "--evidence", str(kept))
    promoting = ("promote", "pilot", "--by", "Eva Laurent", "--reason", "all fine")
    project.migration(*promoting, expect=1)
    operations_lead = ("--by", "Omar Haddad", "--role", "operations lead", "--statement", "read")
    signed = project.ask("sign", "pilot", *operations_lead, "--evidence", document["digest"])
    assert signed["sentence"] == "Wave pilot may be promoted."
    planned = project.ask(*promoting, "--dry-run")
    assert planned["allowed"] is True
    assert project.waves()["pilot"]["verdict"] == "promote"
    decided = project.ask(*promoting, "--evidence", str(kept))
    assert decided["decision"]["evidence_digest"] == document["digest"]
    assert project.waves()["pilot"]["verdict"] == "promoted"
    project.migration(*promoting, expect=1)

    # The evidence is judged the same without a database; altered, it is refused.
    replayed = project.ask("replay", str(kept))
    assert replayed["verdict"] == "hold"
    assert [r[:14] for r in replayed["reasons"]] == ["not signed yet"]
    document["cohorts"][0]["loaded"] += 1
    kept.write_text(json.dumps(document))
    project.migration("replay", str(kept), expect=1)

    # The log is whole, and nobody who uses the platform can alter it.
    verified = project.ask("log", "verify")
    assert (verified["whole"], verified["alterable_because"]) == (True, [])
    actions = [d["action"] for d in project.ask("log")]
    assert actions == ["open", *["ready"] * 7, "sign", "sign", "promote"]

    # The second wave may load now, one entity of a cohort by hand too; the third may not.
    second = project.ask("run", "--cohort", "active-northeast")
    assert second["passed"] is True
    project.migration("run", "--cohort", "active-northeast", "--entity", "allergy")
    project.migration("run", "--wave", "rest", expect=1)

    # One record's whole way.
    found = project.query(
        "destination",
        "SELECT source_id, destination_id::text FROM migration.crosswalk "
        "WHERE entity = 'patient' AND cohort = 'pilot-weight' AND fingerprint IS NOT NULL LIMIT 1",
    )
    looks = ("--by", "Lena Fischer", "--reason", "what was loaded")
    trace = project.ask("trace", "patient", found[0][0], *looks)
    assert (trace["end"], trace["destination_id"]) == ("mapped", found[0][1])
    assert all(f["mapped"] == f["destination"] for f in trace["fields"] if f["field"] != "id")
    assert [c["outcome"] for c in trace["checks"]] == ["passed", "passed"]
    assert project.ask("trace", "patient", trace["token"], *looks)["source_id"] == found[0][0]

    # A held wave loads nothing.
    by = ("--by", "Omar Haddad", "--reason", "calls")
    project.migration("hold", "active", *by)
    project.migration("run", "--cohort", "active-northeast", expect=1)
    project.migration("resume", "active", *by)

    # Somebody changes the destination behind our back: a run says so and does not end well.
    project.query("destination", "UPDATE patient SET first_name = first_name || ' ' "
                  f"WHERE id = '{found[0][1]}'")  # fmt: skip
    run = project.ask("run", "--cohort", "pilot-weight", expect=1)
    assert run["passed"] is False
    account = next(
        a for a in project.ask("accounting", "--cohort", "pilot-weight") if a["entity"] == "patient"
    )
    assert account["mismatched"] == 1
    assert "now it would not be" in project.waves()["pilot"]["sentence"]

    # No report, log or event tells a patient's name.
    names = {
        n for row in project.query("destination", "SELECT last_name FROM patient") for n in row
    }
    reports = list((project.home / "reports").glob("*.html"))
    assert len(reports) >= 3
    for report in reports:
        text = report.read_text()
        assert not [n for n in names if len(n) > 6 and n in text], report.name
