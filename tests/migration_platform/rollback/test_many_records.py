"""A rollback's work grows with its records, not with their square: counted in rows read, not in time."""

from __future__ import annotations

from migration_platform.platform import Platform
from migration_platform.rollback.cohort_rollback import roll_back
from migration_platform.rollback.wave_rollback import roll_back_all
from tests.migration_platform.stage.small_migration import destination, move, source

VISITS = 3_000
RECORDS = VISITS + 2 + 3
"""Of cohort one: the visits made here, and the two patients and three visits of the small migration."""

LINES_READ = (
    "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables "
    "WHERE schemaname = 'migration' AND relname = 'journal'"
)


def move_many(platform: Platform) -> None:
    source(
        platform.settings,
        "INSERT INTO visits SELECT 'w' || i, 'a', 'n' || i, '1' "
        f"FROM generate_series(1, {VISITS}) AS i",
    )
    move(platform)


def lines_read(platform: Platform) -> int:
    """How often a line of the journal was read so far, by whatever plan."""
    with platform.destination() as connection:
        # By the platform's own session, which keeps what it counted to itself until told.
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.commit()
        row = connection.execute(LINES_READ).fetchone()
        connection.commit()
    assert row is not None
    return int(row[0])


def test_each_line_of_the_journal_is_read_once(platform: Platform) -> None:
    move_many(platform)
    before = lines_read(platform)

    [done] = roll_back(platform, ["one"], person="Ada", reason="tried")

    assert done.removed == {"patient": 2, "visit": VISITS + 3}
    assert lines_read(platform) - before == RECORDS


def test_a_wave_of_one_cohort_is_worked_out_once(platform: Platform) -> None:
    move_many(platform)
    before = lines_read(platform)

    roll_back_all(platform, ["one"], wave="pilot", person="Ada", reason="tried")

    assert destination(platform, "SELECT count(*) FROM visit") == [(0,)]
    assert lines_read(platform) - before == RECORDS
