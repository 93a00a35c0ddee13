"""The platform store: what the stages did, what was checked, what waits, what was decided.

No patient data: records appear only as keyed tokens.
"""

from alembic import op

revision = "platform_0001"
down_revision = None

TABLES = """
CREATE TABLE migration.source_build (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    digest text NOT NULL,
    tables jsonb NOT NULL,
    missing jsonb NOT NULL,
    unmoved jsonb NOT NULL,
    built_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE migration.stage_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cohort text NOT NULL,
    entity text NOT NULL,
    stage text NOT NULL CHECK (stage IN ('extract', 'transform', 'load', 'reconcile')),
    state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    applicable boolean NOT NULL DEFAULT true,
    reason text NOT NULL DEFAULT '',
    row_count bigint NOT NULL DEFAULT 0,
    digest text NOT NULL DEFAULT '',
    input_digest text NOT NULL DEFAULT '',
    mapping_digest text NOT NULL DEFAULT '',
    counts jsonb NOT NULL DEFAULT '{}',
    byte_count bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE INDEX ON migration.stage_run (cohort, entity, stage, id);
CREATE TABLE migration.check_outcome (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cohort text NOT NULL,
    entity text NOT NULL,
    point text NOT NULL CHECK (point IN ('transformed', 'destination')),
    digest text NOT NULL,
    suite_digest text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('passed', 'failed', 'error', 'not applicable')),
    results jsonb NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON migration.check_outcome (cohort, entity, point, id);
CREATE TABLE migration.exception (
    entity text NOT NULL,
    token text NOT NULL,
    cohort text NOT NULL,
    kind text NOT NULL,
    rule text NOT NULL,
    field text NOT NULL DEFAULT '',
    owner text NOT NULL,
    opened_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (cohort, entity, token)
);
CREATE INDEX ON migration.exception (cohort, entity) WHERE closed_at IS NULL;
CREATE TABLE migration.evidence (
    digest text PRIMARY KEY,
    wave text NOT NULL,
    document jsonb NOT NULL,
    assembled_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE migration.decision (
    sequence bigint PRIMARY KEY,
    wave text NOT NULL,
    action text NOT NULL CHECK (action IN ('promote')),
    person text NOT NULL CHECK (person <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    evidence_digest text NOT NULL REFERENCES migration.evidence,
    decided_at timestamptz NOT NULL,
    previous_hash text NOT NULL,
    hash text NOT NULL UNIQUE
);
CREATE UNIQUE INDEX ON migration.decision (wave) WHERE action = 'promote';
CREATE FUNCTION migration.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the decision log is append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.decision
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
"""


def upgrade() -> None:
    op.execute(TABLES)
