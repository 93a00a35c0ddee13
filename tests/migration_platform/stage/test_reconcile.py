"""What is found at the destination, compared and accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import polars as pl
import pytest

from migration_platform import stage as stages
from migration_platform.database import connect
from migration_platform.entity import Reading
from migration_platform.errors import GateClosedError, MigrationError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.exception.store import count_exceptions
from migration_platform.ledger import account_for
from migration_platform.platform import Platform
from migration_platform.reconciliation import comparison
from migration_platform.reconciliation.column import Column
from migration_platform.reconciliation.column_group import ColumnGroup, group_columns
from tests.decisions import promote, sign_all
from tests.migration_platform.stage.small_migration import (
    destination,
    move,
)


def test_every_record_of_a_cohort_is_accounted_for(platform: Platform) -> None:
    move(platform)

    patient, visit = account_for(platform, ["one"])

    assert (patient.extracted, patient.loaded, patient.excepted) == (3, 2, 1)
    assert (visit.extracted, visit.loaded, visit.excepted) == (4, 3, 1)
    assert patient.clean
    assert visit.clean
    kinds = {
        (e["entity"], e["rule"], e["owner"]) for e in count_exceptions(platform.store, ["one"])
    }
    assert kinds == {
        ("patient", "required but empty", "operations lead"),
        ("visit", "waits for patient", "technical lead"),
    }


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("UPDATE visit SET note = 'y' WHERE note = 'x'", {"mismatched": 1}),
        ("UPDATE visit SET note = NULL WHERE note = ''", {"mismatched": 1}),
        ("UPDATE visit SET note = note || ' ' WHERE note = 'x'", {"mismatched": 1}),
        ("UPDATE visit SET cost = cost + 0.01 WHERE cost > 0", {"mismatched": 1}),
        ("UPDATE visit SET cost = 0 WHERE cost IS NULL", {"mismatched": 1}),
        ("DELETE FROM visit WHERE note = 'x'", {"missing": 1}),
        ("INSERT INTO visit SELECT gen_random_uuid(), patient_id FROM visit WHERE note = 'x'",
         {"unexpected": 1}),
        ("UPDATE visit SET id = gen_random_uuid() WHERE note = 'x'", {"missing": 1, "unexpected": 1}),
        ("UPDATE visit v SET patient_id = (SELECT id FROM patient p WHERE p.id <> v.patient_id "
         "LIMIT 1) WHERE note = 'x'", {"mismatched": 1}),
        ("ALTER TABLE visit DROP CONSTRAINT visit_pkey; INSERT INTO visit SELECT * FROM visit "
         "WHERE note = 'x'", {"unexpected": 1}),
    ],
)  # fmt: skip
def test_a_fault_planted_in_the_destination_is_found_and_blocks(
    platform: Platform, fault: str, found: dict[str, int]
) -> None:
    move(platform)
    destination(platform, fault)

    result = stages.reconcile(platform, "one", "visit")

    counted = {n: result.counts[n] for n in ("mismatched", "missing", "unexpected")}
    assert {n: c for n, c in counted.items() if c} == found
    assert result.clean is False
    assert assemble_evidence(platform, "pilot").verdict == "block"


def test_each_reconciliation_says_what_it_found_of_planted_faults(platform: Platform) -> None:
    move(platform)

    result = stages.reconcile(platform, "one", "visit")

    run = platform.store.latest("one", "visit", "reconcile")
    assert run is not None
    certificate = run.detail["certificate"]
    assert certificate["planted"] == certificate["found"] == certificate["located"] >= 60
    assert (certificate["benign"] == 8, certificate["false_alarms"]) == (True, 0)
    assert f"of {certificate['planted']} faults planted in a copy" in result.sentence
    rows = destination(platform, "SELECT count(*) FROM visit")
    assert rows == [(3,)]


def test_a_comparison_that_ignores_a_field_is_inconclusive_and_holds_the_wave(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(platform)

    def group_all_but_notes(columns: Sequence[Column]) -> tuple[ColumnGroup, ...]:
        return group_columns([c for c in columns if c.name != "note"])

    monkeypatch.setattr(comparison, "group_columns", group_all_but_notes)
    result = stages.reconcile(platform, "one", "visit")

    assert result.counts["mismatched"] == 0
    assert result.clean is False
    assert result.sentence.startswith("inconclusive: of ")
    evidence = assemble_evidence(platform, "pilot")
    assert evidence.verdict == "hold"
    assert "the reconciliation of visit in one is inconclusive: of " in evidence.reasons[0]
    with pytest.raises(GateClosedError, match="is inconclusive: of "):
        promote(platform, "pilot", person="Ada", reason="clean")


def test_a_reconciliation_without_a_certificate_holds_the_wave(platform: Platform) -> None:
    move(platform)
    with connect(platform.settings, "platform") as connection:
        connection.execute(
            "UPDATE migration.stage_run SET detail = detail - 'certificate' "
            "WHERE stage = 'reconcile' AND entity = 'visit'"
        )

    evidence = assemble_evidence(platform, "pilot")

    assert evidence.verdict == "hold"
    assert evidence.reasons[0] == (
        "the reconciliation of visit in one is inconclusive: no faults were planted to test its "
        "comparison; run the cohort again"
    )


def test_the_evidence_is_the_same_when_the_same_is_reconciled_again(platform: Platform) -> None:
    move(platform)
    before = assemble_evidence(platform, "pilot").digest

    stages.reconcile(platform, "one", "visit")

    assert assemble_evidence(platform, "pilot").digest == before


def test_an_equal_number_written_otherwise_is_no_difference(platform: Platform) -> None:
    move(platform)
    destination(platform, "ALTER TABLE visit ALTER cost TYPE numeric(20,8)")

    assert stages.reconcile(platform, "one", "visit").clean is True


def test_a_record_lost_between_extract_and_transform_unbalances_the_account(
    platform: Platform,
) -> None:
    move(platform)
    for kind in ("ends", "mapped"):
        path = platform.staging.path("one", "visit", kind)
        frame = pl.read_parquet(path)
        gone = frame["source_id"] == "v3"
        frame.filter(~gone).write_parquet(path)

    result = stages.reconcile(platform, "one", "visit")

    assert result.counts["unaccounted"] == 1
    assert result.balanced is False


def test_a_promotion_is_refused_when_the_destination_changed_since_it_was_compared(
    platform: Platform,
) -> None:
    move(platform)
    destination(platform, "UPDATE visit SET note = 'changed' WHERE note = 'x'")

    with pytest.raises(GateClosedError, match="is blocked"):
        promote(platform, "pilot", person="Ada", reason="clean")

    assert platform.store.promotion("pilot") is None


def with_mapping(platform: Platform, field: str, **changes: object) -> None:
    """The visit's field mapped by a changed translation."""
    visit = platform.entities["visit"]
    fields = tuple(
        replace(f, origin=replace(f.origin, **changes)) if f.name == field else f
        for f in visit.fields
    )
    platform.entities["visit"] = replace(visit, fields=fields)


EXACT_COST = Reading("decimal", ("COST",))


def test_a_wrong_mapping_is_found_and_blocks_the_wave(platform: Platform) -> None:
    cents_lost = pl.col("COST").str.to_decimal(scale=6).round(0)
    with_mapping(platform, "cost", value=cents_lost, reading=EXACT_COST)
    move(platform)

    result = stages.reconcile(platform, "one", "visit")

    assert result.counts["mismatched"] == 1
    assert result.counts["matched"] == 2
    assert result.clean is False
    assert "1 mismatched (most: 1 rounding in cost)" in result.sentence
    run = platform.store.latest("one", "visit", "reconcile")
    assert run is not None
    assert run.detail["round_trip"]["compared"] == 3
    assert run.detail["round_trip"]["differing"] == 1
    assert [c["leg"] for c in run.detail["clusters"]] == ["mapping"]
    evidence = assemble_evidence(platform, "pilot")
    assert evidence.verdict == "block"
    assert any(
        "visit in one was mapped otherwise than the source reads: 1 records (cost)" in reason
        for reason in evidence.reasons
    )


def test_a_record_that_differs_on_both_legs_is_mismatched_once(platform: Platform) -> None:
    cents_lost = pl.col("COST").str.to_decimal(scale=6).round(0)
    with_mapping(platform, "cost", value=cents_lost, reading=EXACT_COST)
    move(platform)
    destination(platform, "UPDATE visit SET note = 'other' WHERE cost = 10")
    destination(platform, "DELETE FROM visit WHERE cost IS NULL")

    result = stages.reconcile(platform, "one", "visit")

    counts = {n: result.counts[n] for n in ("matched", "mismatched", "missing", "unexpected")}
    assert counts == {"matched": 1, "mismatched": 1, "missing": 1, "unexpected": 0}
    assert result.balanced is True


def test_a_missing_record_counts_as_missing_however_it_was_mapped(platform: Platform) -> None:
    cents_lost = pl.col("COST").str.to_decimal(scale=6).round(0)
    with_mapping(platform, "cost", value=cents_lost, reading=EXACT_COST)
    move(platform)
    destination(platform, "DELETE FROM visit WHERE cost = 10")

    result = stages.reconcile(platform, "one", "visit")

    counts = {n: result.counts[n] for n in ("matched", "mismatched", "missing", "unexpected")}
    assert counts == {"matched": 2, "mismatched": 0, "missing": 1, "unexpected": 0}
    assert result.balanced is True


def test_a_proof_holds_until_what_it_rests_on_changes(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_mapping(platform, "cost", reading=EXACT_COST)
    move(platform)
    first = proof_of(platform)
    digest = assemble_evidence(platform, "pilot").digest

    stages.reconcile(platform, "one", "visit")
    again = proof_of(platform)
    module = import_module("migration_platform.stage.reconcile")
    monkeypatch.setattr(module, "readings_digest", lambda: "others")
    stages.reconcile(platform, "one", "visit")
    anew = proof_of(platform)

    assert (first["compared"], first["differing"], first["unproven"]) == (3, 0, ["note"])
    assert again == first
    assert anew["inputs"] != first["inputs"]
    assert assemble_evidence(platform, "pilot").digest != digest


def test_a_proof_that_found_something_is_done_again_each_time(platform: Platform) -> None:
    cents_lost = pl.col("COST").str.to_decimal(scale=6).round(0)
    with_mapping(platform, "cost", value=cents_lost, reading=EXACT_COST)
    move(platform)
    digest = assemble_evidence(platform, "pilot").digest

    result = stages.reconcile(platform, "one", "visit")

    assert result.counts["mismatched"] == 1
    assert assemble_evidence(platform, "pilot").digest == digest


def proof_of(platform: Platform) -> dict[str, Any]:
    run = platform.store.latest("one", "visit", "reconcile")
    assert run is not None
    return dict(run.detail["round_trip"])


def test_ids_exchanged_between_ends_and_what_was_sent_unbalance_the_account(
    platform: Platform,
) -> None:
    move(platform)
    path = platform.staging.path("one", "visit", "ends")
    frame = pl.read_parquet(path)
    moved = pl.col("end") == "mapped"
    other = frame.filter(moved)["id"].reverse()
    frame.with_columns(pl.when(moved).then(pl.col("id").replace(
        frame.filter(moved)["id"], other)).otherwise("id").alias("id")).write_parquet(path)  # fmt: skip

    assert stages.reconcile(platform, "one", "visit").counts["unaccounted"] > 0


def test_a_mapping_changed_since_holds_the_wave(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(platform)
    assert sign_all(platform, "pilot").verdict == "promote"

    monkeypatch.setattr("migration_platform.platform.mapping_digest", lambda entity: "other")

    seen = assemble_evidence(platform, "pilot")
    assert seen.verdict == "hold"
    assert any("the mapping of patient changed" in reason for reason in seen.reasons)


def test_a_stage_without_what_it_needs_says_what_to_run(platform: Platform) -> None:
    with pytest.raises(MigrationError, match="extract has not been run"):
        stages.transform(platform, "one", "visit")
