"""Waivers, nights, and exceptions that a reconciliation opens.

A waiver is an entry of the decision log, with what it covers beside it; its end is an entry too, so
both tables are append-only like the log. A night keeps what was looked at and what it came to.
"""

from alembic import op

revision = "platform_0003"
down_revision = "platform_0002"

TABLES = """
ALTER TABLE migration.decision DROP CONSTRAINT decision_action_check;
ALTER TABLE migration.decision ADD CHECK (action IN ('promote', 'waive', 'end waiver'));
CREATE TABLE migration.waiver (
    number bigint PRIMARY KEY REFERENCES migration.decision,
    cohort text NOT NULL,
    leg text NOT NULL,
    entity text NOT NULL,
    field text NOT NULL,
    kind text NOT NULL,
    count bigint NOT NULL CHECK (count > 0),
    until timestamptz NOT NULL
);
CREATE TABLE migration.waiver_end (
    number bigint PRIMARY KEY REFERENCES migration.decision,
    waiver bigint NOT NULL UNIQUE REFERENCES migration.waiver
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.waiver
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.waiver_end
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
CREATE TABLE migration.night (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    night date NOT NULL,
    cohort text NOT NULL,
    outcome text NOT NULL
        CHECK (outcome IN ('unchanged', 'clean', 'behind source', 'drift', 'could not look')),
    reasons jsonb NOT NULL,
    counts jsonb NOT NULL,
    proof jsonb NOT NULL,
    looked_at timestamptz NOT NULL
);
CREATE INDEX ON migration.night (cohort, id);
CREATE INDEX ON migration.night (night, id);
-- One record can wait for two reasons at once: it cannot be mapped, and its old self differs.
ALTER TABLE migration.exception ADD stage text NOT NULL DEFAULT 'transform'
    CHECK (stage IN ('transform', 'reconcile'));
ALTER TABLE migration.exception DROP CONSTRAINT exception_pkey;
ALTER TABLE migration.exception ADD PRIMARY KEY (cohort, entity, token, stage);
"""


def upgrade() -> None:
    op.execute(TABLES)
