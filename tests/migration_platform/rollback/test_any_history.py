"""Whatever was loaded and whatever people wrote: after the rollback it is what it was before."""

from __future__ import annotations

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from migration_platform.platform import Platform
from migration_platform.rollback.cohort_rollback import roll_back
from tests.decisions import promote
from tests.migration_platform.stage.small_migration import destination, move, source

EVERYTHING = (
    "SELECT 'patient' || d FROM patient d UNION ALL SELECT 'visit' || d FROM visit d ORDER BY 1"
)

OF_ONE = "IN (SELECT destination_id FROM migration.crosswalk WHERE cohort = 'one')"

SOURCE = {
    "a visit has another note": """UPDATE visits SET "NOTE" = "NOTE" || '+' WHERE "Id" = 'v3'""",
    "a patient has another name": """UPDATE people SET "NAME" = "NAME" || '+' WHERE "Id" = 'a'""",
    "a visit is gone": """DELETE FROM visits WHERE "Id" = 'v1'""",
    "a visit is there again": (
        """INSERT INTO visits SELECT 'v1', 'a', 'again', '1' """
        """WHERE NOT EXISTS (SELECT FROM visits WHERE "Id" = 'v1')"""
    ),
    "a patient is gone": """DELETE FROM people WHERE "Id" = 'b'""",
    "a patient is there again": (
        """INSERT INTO people SELECT 'b', 'Bea', 'MA' """
        """WHERE NOT EXISTS (SELECT FROM people WHERE "Id" = 'b')"""
    ),
    "nothing": "SELECT 1",
}
"""What may happen at the source between two loads."""

PEOPLE = {
    "change a name": f"UPDATE patient SET name = name || '!' WHERE id {OF_ONE}",
    "empty a note": f"UPDATE visit SET note = NULL WHERE id {OF_ONE}",
    "delete a visit": f"DELETE FROM visit WHERE id IN (SELECT id FROM visit WHERE id {OF_ONE} "
    "ORDER BY id LIMIT 1)",
    "make a visit": f"INSERT INTO visit SELECT gen_random_uuid(), id, 'made', 1 FROM patient "
    f"WHERE id {OF_ONE} AND name NOT LIKE 'Anna%' AND id IN (SELECT destination_id "
    "FROM migration.journal WHERE action = 'insert' AND entity = 'patient') "
    "AND id <> '{kept}'",
    "move a visit to another patient": f"UPDATE visit SET patient_id = (SELECT min(id::text)::uuid "
    f"FROM patient WHERE id {OF_ONE}) WHERE id {OF_ONE}",
}
"""What people may write. What they make hangs on a patient whom the load brought: on one who was
there before, nobody could say whether it was made since, and it stays."""

HISTORY = st.lists(
    st.one_of(st.sampled_from(sorted(SOURCE)), st.sampled_from(sorted(PEOPLE))),
    min_size=1,
    max_size=5,
)


def test_after_a_rollback_it_is_what_it_was_before_whatever_happened(platform: Platform) -> None:
    # Cohort two stays loaded throughout, and a patient of cohort one was there before any load.
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    move(platform, "two")
    rows = destination(
        platform,
        "SELECT destination_id FROM migration.crosswalk WHERE cohort = 'one' AND source_id = 'a'",
    )
    kept = str(rows[0][0])
    roll_back(platform, ["one"], person="Ada", reason="to begin")
    destination(platform, f"INSERT INTO patient VALUES ('{kept}', 'Anna before')")
    before = destination(platform, EVERYTHING)
    assert len(before) == 2  # Anna, and the one patient of cohort two

    @hypothesis_settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(HISTORY)
    def check(history: list[str]) -> None:
        move(platform)
        for event in history:
            if event in SOURCE:
                source(platform.settings, SOURCE[event])
                move(platform)
            else:
                destination(platform, PEOPLE[event].replace("{kept}", kept))

        roll_back(platform, ["one"], person="Ada", reason="tried")

        assert destination(platform, EVERYTHING) == before

    check()
