"""Patients who may be registered twice: each search over the whole population, and the pairs that it
found, by token. A merge is one more thing that a person decides about a record.

`place` is a record's number in its cluster: 0 is the one that the others would be merged into.
"""

from alembic import op

revision = "platform_0009"
down_revision = "platform_0008"

TABLES = """
ALTER TABLE migration.exception DROP CONSTRAINT exception_stage_check;
ALTER TABLE migration.exception ADD CHECK (
    stage IN ('transform', 'concern', 'duplicate', 'reconcile'));
ALTER TABLE migration.exception_act DROP CONSTRAINT exception_act_action_check;
ALTER TABLE migration.exception_act ADD CHECK (action IN (
    'assign', 'comment', 'propose', 'merge', 'accept', 'reject', 'exclude', 'add code', 'waive',
    'settle', 'keep apart', 'reopen'));
CREATE TABLE migration.duplicate_search (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entity text NOT NULL,
    records bigint NOT NULL,
    digest text NOT NULL,
    method text NOT NULL,
    found_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.duplicate_search
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
CREATE TABLE migration.duplicate_member (
    search bigint NOT NULL REFERENCES migration.duplicate_search,
    token text NOT NULL,
    cluster integer NOT NULL,
    place integer NOT NULL,
    "end" text NOT NULL,
    rule text NOT NULL DEFAULT '',
    PRIMARY KEY (search, token),
    UNIQUE (search, cluster, place)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.duplicate_member
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
CREATE TABLE migration.duplicate_pair (
    search bigint NOT NULL REFERENCES migration.duplicate_search,
    token text NOT NULL,
    other text NOT NULL,
    probability double precision NOT NULL,
    weight double precision NOT NULL,
    agrees text[] NOT NULL,
    differs text[] NOT NULL,
    PRIMARY KEY (search, token, other)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.duplicate_pair
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
"""


def upgrade() -> None:
    op.execute(TABLES)
