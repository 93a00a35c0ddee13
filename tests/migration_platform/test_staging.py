"""The staging area's DuckDB is the same for all who ask it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from migration_platform.staging import Staging


def test_every_cursor_speaks_utc_wherever_the_machine_stands(tmp_path: Path) -> None:
    staging = Staging(tmp_path)

    zones = [
        cursor.execute("SELECT current_setting('TimeZone')").fetchall()
        for cursor in (staging.connect(), staging.connect())
    ]

    assert zones == [[("UTC",)], [("UTC",)]]


def test_what_all_cursors_are_to_have_is_made_once(tmp_path: Path) -> None:
    staging, made = Staging(tmp_path), []

    def prepare(duck: duckdb.DuckDBPyConnection) -> None:
        made.append("twice")
        duck.execute("CREATE MACRO twice(n) AS 2 * n")

    answers = [staging.connect(prepare).execute("SELECT twice(21)").fetchall() for _ in range(2)]

    assert answers == [[(42,)], [(42,)]]
    assert made == ["twice"]
