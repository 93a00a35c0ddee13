"""Governance: every decision about a wave in one log, and figures from its operation.

The log, the evidence it names and the figures are append-only: a trigger refuses a change by whoever
owns the tables, and `schema.grant` takes the right to one from the role that the platform uses.
"""

from alembic import op

revision = "platform_0005"
down_revision = "platform_0004"

TABLES = """
ALTER TABLE migration.decision DROP CONSTRAINT decision_action_check;
ALTER TABLE migration.decision ADD CHECK (action IN (
    'open', 'ready', 'amend', 'sign', 'hold', 'resume', 'promote', 'complete', 'roll back',
    'waive', 'end waiver'));
ALTER TABLE migration.decision ADD detail jsonb NOT NULL DEFAULT '{}';
ALTER TABLE migration.decision ALTER evidence_digest DROP NOT NULL;
ALTER TABLE migration.decision ADD CHECK (
    evidence_digest IS NOT NULL OR action NOT IN ('sign', 'promote', 'complete'));
-- One entry follows another: of two that were written at once, only one can.
ALTER TABLE migration.decision ADD UNIQUE (previous_hash);
-- A wave that was rolled back may be promoted again; whether it may is decided by its state.
DROP INDEX migration.decision_wave_idx;
CREATE TABLE migration.metric (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cohort text NOT NULL,
    name text NOT NULL,
    value numeric NOT NULL,
    person text NOT NULL CHECK (person <> ''),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON migration.metric (cohort, name, id);
CREATE OR REPLACE FUNCTION migration.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'migration.% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.evidence
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.metric
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
"""


def upgrade() -> None:
    op.execute(TABLES)
