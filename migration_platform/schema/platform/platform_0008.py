"""Exceptions as people work them: each act on one in an append-only history, and exceptions about
records that move (`concern`).

What is in force is read from the history (`ruling`). Values of corrections are not here: they stand
in the staging area, and the history has a keyed seal of each.
"""

from alembic import op

revision = "platform_0008"
down_revision = "platform_0007"

TABLES = """
ALTER TABLE migration.exception DROP CONSTRAINT exception_stage_check;
ALTER TABLE migration.exception ADD CHECK (stage IN ('transform', 'concern', 'reconcile'));
CREATE INDEX ON migration.exception (token);
CREATE TABLE migration.exception_act (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cohort text NOT NULL,
    entity text NOT NULL,
    token text NOT NULL,
    action text NOT NULL CHECK (action IN (
        'assign', 'comment', 'propose', 'accept', 'reject', 'exclude', 'add code', 'waive',
        'settle', 'keep apart', 'reopen')),
    person text NOT NULL CHECK (person <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    detail jsonb NOT NULL DEFAULT '{}',
    acted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON migration.exception_act (cohort, entity, number);
CREATE INDEX ON migration.exception_act (token, number);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.exception_act
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
"""


def upgrade() -> None:
    op.execute(TABLES)
