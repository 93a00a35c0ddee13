"""The certificate: conclusive on the comparison as it is, and on no broken one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from migration_platform.evidence.proof import explain_inconclusive
from migration_platform.fault.judgement import Finding
from migration_platform.fault.planting import Shadow
from migration_platform.reconciliation.certificate import SAMPLED, Certificate, certify, draw_sample
from migration_platform.reconciliation.column import Column
from migration_platform.reconciliation.shadow import compare_shadow, found_table, sent_table
from tests.migration_platform.reconciliation.records import COLUMNS, make_rows

Compare = Callable[[duckdb.DuckDBPyConnection, Shadow, str], list[Finding]]


def run(
    sql: duckdb.DuckDBPyConnection, number: int, compare: Compare = compare_shadow, **more: Any
) -> Certificate:
    """A certificate over so many records that agree on both sides."""
    rows = make_rows(number)
    sql.register("sent", sent_table(rows, COLUMNS))
    sql.register("found", found_table(rows, COLUMNS))
    return certify(sql, COLUMNS, sent="sent", found="found", seed="one", compare=compare, **more)


def judge(certificate: Certificate) -> str:
    said = {n: getattr(certificate, n) for n in Certificate.__slots__}
    return explain_inconclusive(said, certificate.records)


@pytest.mark.parametrize("number", [1, 2, 7, 500])
def test_every_planted_fault_is_found_and_located_however_few_records_there_are(
    sql: duckdb.DuckDBPyConnection, number: int
) -> None:
    certificate = run(sql, number)

    assert certificate.planted >= 60
    assert certificate.planted == certificate.found == certificate.located
    assert certificate.benign == 8
    assert (certificate.false_alarms, certificate.missed, certificate.alarmed) == (0, (), ())
    assert judge(certificate) == ""


def test_the_same_seed_plants_the_same_faults(sql: duckdb.DuckDBPyConnection) -> None:
    assert run(sql, 100) == run(sql, 100)


def test_every_column_carries_a_fault(sql: duckdb.DuckDBPyConnection) -> None:
    seen: set[str] = set()

    def compare(cursor: duckdb.DuckDBPyConnection, shadow: Shadow, change: str) -> list[Finding]:
        seen.update(name for each in shadow.planted for name in each.field.split(", "))
        return compare_shadow(cursor, shadow, change)

    run(sql, 200, compare)

    assert {c.name for c in COLUMNS} <= seen


def test_an_entity_without_records_is_certified_by_nothing(sql: duckdb.DuckDBPyConnection) -> None:
    certificate = run(sql, 0)

    assert (certificate.records, certificate.planted) == (0, 0)
    assert judge(certificate) == ""


def test_records_that_already_differ_carry_no_fault(sql: duckdb.DuckDBPyConnection) -> None:
    rows = make_rows(4)
    wrong = [replace_value(rows[0], "description", "changed"), *rows[1:]]
    sql.register("sent", sent_table(rows, COLUMNS))
    sql.register("found", found_table(wrong, COLUMNS))

    certificate = certify(sql, COLUMNS, sent="sent", found="found", seed="x")

    assert certificate.records == 3


def replace_value(row: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {**row, name: value}


def ignoring(name: str) -> Compare:
    """A comparison that leaves a column out."""

    def compare(cursor: duckdb.DuckDBPyConnection, shadow: Shadow, change: str) -> list[Finding]:
        fewer = replace(shadow, columns=tuple(c for c in shadow.columns if c.name != name))
        return compare_shadow(cursor, fewer, change)

    return compare


@pytest.mark.parametrize("name", [c.name for c in COLUMNS])
def test_a_comparison_that_ignores_a_column_is_inconclusive(
    sql: duckdb.DuckDBPyConnection, name: str
) -> None:
    certificate = run(sql, 100, ignoring(name))

    assert certificate.found < certificate.planted or certificate.located < certificate.planted
    assert all(name in each["field"] or not each["field"] for each in certificate.missed)
    assert "were found" in judge(certificate)
    assert "`migration faults`" in judge(certificate)


BROKEN = {
    "trims": lambda a, b: f"(trim({a}::varchar) IS DISTINCT FROM trim({b}::varchar))",
    "ignores case": lambda a, b: f"(lower({a}::varchar) IS DISTINCT FROM lower({b}::varchar))",
    "takes null for empty": lambda a, b: (
        f"(COALESCE({a}::varchar, '') IS DISTINCT FROM COALESCE({b}::varchar, ''))"
    ),
    "compares with =": lambda a, b: f"COALESCE({a} <> {b}, false)",
    "compares the first ten signs": lambda a, b: (
        f"(left({a}::varchar, 10) IS DISTINCT FROM left({b}::varchar, 10))"
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_comparison_that_is_too_lenient_is_inconclusive_within_a_few_runs(
    sql: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def differs(column: Column, sent: str, found: str) -> str:
        return BROKEN[broken](sent, found)

    monkeypatch.setattr(Column, "differs", differs)
    rows = make_rows(100)
    sql.register("sent", sent_table(rows, COLUMNS))
    sql.register("found", found_table(rows, COLUMNS))

    certificates = [
        certify(sql, COLUMNS, sent="sent", found="found", seed=f"run {i}") for i in range(3)
    ]

    assert any(judge(each) for each in certificates)


def test_a_comparison_that_reports_too_much_is_inconclusive(sql: duckdb.DuckDBPyConnection) -> None:
    def compare(cursor: duckdb.DuckDBPyConnection, shadow: Shadow, change: str) -> list[Finding]:
        harmless = next(h for h in shadow.harmless if h.records > 1)
        extra = (min(harmless.ids), "description", "mismatched")
        return [*compare_shadow(cursor, shadow, change), extra]

    certificate = run(sql, 100, compare)

    assert certificate.found == certificate.located == certificate.planted
    assert certificate.false_alarms == 1
    assert "1 of" in judge(certificate)


def test_a_difference_located_in_another_field_is_found_but_not_located(
    sql: duckdb.DuckDBPyConnection,
) -> None:
    def compare(cursor: duckdb.DuckDBPyConnection, shadow: Shadow, change: str) -> list[Finding]:
        found = compare_shadow(cursor, shadow, change)
        return [*found, *[(i, "amount", s) for i, f, s in found if f == "description"]]

    certificate = run(sql, 100, compare)

    assert certificate.found == certificate.planted
    assert certificate.located < certificate.planted


def test_planted_files_are_found_and_the_real_ones_untouched(
    sql: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    documents, beside = tmp_path / "documents", tmp_path / "staging"
    documents.mkdir()
    beside.mkdir()
    (documents / "a.pdf").write_bytes(b"%PDF-1.4 a page, another page, a third page")
    digest = hashlib.sha256((documents / "a.pdf").read_bytes()).hexdigest()
    rows = make_rows(3)
    files = [{**r, "storage_path": "a.pdf", "sha256": digest} for r in rows]
    own = (*COLUMNS, Column("storage_path", "text"), Column("sha256", "text"))
    sql.register("sent", sent_table(files, own))
    sql.register("found", found_table(files, own))

    certificate = certify(
        sql,
        own,
        sent="sent",
        found="found",
        seed="files",
        files=(documents, beside),
    )

    assert certificate.planted == certificate.located >= 70
    assert certificate.false_alarms == 0
    assert [f.name for f in documents.iterdir()] == ["a.pdf"]
    assert list(beside.iterdir()) == []


def write_mapped(sql: duckdb.DuckDBPyConnection, path: Path, number: int) -> list[str]:
    """A mapped file with so many records, in an order that is not that of their ids."""
    rows = make_rows(number)
    sql.register("rows_to_write", sent_table(rows, COLUMNS))
    sql.execute(f"COPY rows_to_write TO '{path}' (FORMAT parquet)").fetchall()
    sql.execute("CREATE OR REPLACE TEMP TABLE suspect (id VARCHAR)").fetchall()
    return [str(r["id"]) for r in rows]


def draw(sql: duckdb.DuckDBPyConnection, mapped: Path, seed: str) -> list[str]:
    """The ids of what is drawn."""
    ids: list[str] = draw_sample(sql, mapped, seed)["id"].to_pylist()
    return ids


def test_a_sample_follows_from_its_seed(sql: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    ids = write_mapped(sql, tmp_path / "mapped.parquet", 5000)

    drawn = [draw(sql, tmp_path / "mapped.parquet", seed) for seed in ("a", "a", "b")]

    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) == SAMPLED
    assert set(drawn[0]) <= set(ids)


def test_a_sample_passes_over_suspects_and_looks_further(
    sql: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    ids = write_mapped(sql, tmp_path / "mapped.parquet", 3000)
    sql.register("wrong", pa.table({"id": ids[50:]}))
    sql.execute("INSERT INTO suspect SELECT id FROM wrong").fetchall()

    drawn = draw(sql, tmp_path / "mapped.parquet", "a")

    assert sorted(drawn) == sorted(ids[:50])


def test_a_sample_of_fewer_records_takes_them_all(
    sql: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for number in (0, 1, 127):
        ids = write_mapped(sql, tmp_path / "mapped.parquet", number)

        assert sorted(draw(sql, tmp_path / "mapped.parquet", "a")) == sorted(ids)
