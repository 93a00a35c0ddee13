"""The shipped control totals say the same of every code as the shipped code maps do.

Two people wrote them; here they meet. A code map with a wrong row would differ from the total at the
first run: that this is so for each known code is looked at before.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from assets.entities import ENTITIES
from migration_platform.control_total import load_control_totals
from migration_platform.reconciliation.total import prepare_macros, tables_of
from migration_platform.translation.code_map import read_code_map

ASSETS = Path(__file__).parents[2] / "assets"
TOTALS = {
    t.name: t
    for t in load_control_totals(ASSETS / "control_totals.toml", [e.name for e in ENTITIES])
}
RESTATED = [
    ("patients by program, stage and sex", "PROGRAM", "program", 1),
    ("patients by program, stage and sex", "STAGE", "stage", 2),
    ("encounters by class and month", "ENCOUNTERCLASS", "encounter_class", 1),
    ("notes by type and cosignature", "TYPE", "note_type", 1),
    ("allergies by category and severity", "CATEGORY", "allergy_category", 1),
    ("allergies by category and severity", "SEVERITY1", "severity", 2),
    ("prescriptions by status, with refills", "STATUS", "medication_status", 1),
    ("documents by type, with their bytes", "TYPE", "document_type", 1),
    ("claims by status", "STATUS1", "claim_status", 1),
    ("claim lines by type and month", "TYPE", "claim_transaction_type", 1),
    ("claim lines, left to pay", "TYPE", "claim_transaction_type", 1),
    ("subscriptions by program, plan and status", "STATUS", "subscription_status", 3),
    ("payments by status and method", "STATUS", "payment_status", 1),
    ("payments by status and method", "METHOD", "payment_method", 2),
    ("answers by program and status", "STATUS", "intake_status", 2),
    ("consent by channel and topic", "CHANNEL", "channel", 1),
    ("consent by channel and topic", "TOPIC", "topic", 2),
    ("consent by channel and topic", "CONSENT", "consent", 3),
]
"""Total, source column, code map, and the place of the code in what the total returns."""


@pytest.mark.parametrize(("name", "column", "code_map", "place"), RESTATED)
def test_a_total_knows_every_code_of_the_map(
    name: str, column: str, code_map: str, place: int
) -> None:
    total = TOTALS[name]
    codes = read_code_map(ASSETS / "entities" / "code_maps" / f"{code_map}.csv")
    found = {}

    with duckdb.connect() as sql:
        prepare_macros(sql)
        (table,) = tables_of(total, sql) - {"providers"}
        entity = next(e for e in ENTITIES if e.source.table == table)
        columns = [*(c for c in entity.columns if not c.startswith("_")), "_end", "_size"]
        typed = ", ".join(f'"{c}" VARCHAR' for c in columns)
        sql.execute(f"CREATE TABLE {table} ({typed})")
        for code in codes:
            sql.execute(f"DELETE FROM {table}")
            sql.execute(
                f'INSERT INTO {table} ("{column}", _end) VALUES (?, ?)', [code.upper(), "mapped"]
            )
            found[code] = sql.execute(total.source).fetchall()[0][place]

    assert found == codes


def test_every_code_that_a_total_restates_is_looked_at() -> None:
    said = {name for name, *_ in RESTATED}

    assert {t.name for t in TOTALS.values() if "code_word" in t.source} - said == {
        "payments by program and month",
    }
