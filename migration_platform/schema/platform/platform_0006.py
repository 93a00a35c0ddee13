"""Rollbacks, as the stages and the evidence must know of them, and drills with what they proved.

`last_run` and `last_check` are the newest stage run and check outcome that a rollback takes back:
loads, reconciliations and checks in the destination up to them no longer count.
"""

from alembic import op

revision = "platform_0006"
down_revision = "platform_0005"

TABLES = """
CREATE TABLE migration.rollback (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cohort text NOT NULL,
    number int NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    person text NOT NULL CHECK (person <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    last_run bigint NOT NULL,
    last_check bigint NOT NULL,
    counts jsonb NOT NULL DEFAULT '{}',
    writes jsonb NOT NULL DEFAULT '[]',
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz
);
CREATE INDEX ON migration.rollback (cohort, id);
CREATE TABLE migration.drill (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cohort text NOT NULL,
    passed boolean NOT NULL,
    reason text NOT NULL,
    records bigint NOT NULL,
    writes bigint NOT NULL,
    captured bigint NOT NULL,
    seconds_to_load double precision NOT NULL,
    seconds_to_restore double precision NOT NULL,
    digest_before text NOT NULL,
    digest_after text NOT NULL,
    staged_digest text NOT NULL,
    drilled_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON migration.drill (cohort, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.drill
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
"""


def upgrade() -> None:
    op.execute(TABLES)
