"""Beside the destination's own tables: crosswalk, journal, loads, cohort membership, staging.

They stand in the destination's database so that a load writes them in its own transaction.
"""

from alembic import op

revision = "destination_0001"
down_revision = None

TABLES = """
CREATE TABLE migration.cohort (
    name text PRIMARY KEY,
    wave text NOT NULL,
    place int NOT NULL,
    patients bigint NOT NULL,
    as_of timestamptz,
    frozen_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE migration.cohort_member (
    patient text PRIMARY KEY,
    cohort text NOT NULL REFERENCES migration.cohort
);
CREATE INDEX ON migration.cohort_member (cohort);
CREATE TABLE migration.load (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cohort text NOT NULL,
    entity text NOT NULL,
    digest text NOT NULL,
    mapping_digest text NOT NULL,
    inserted bigint NOT NULL,
    updated bigint NOT NULL,
    withdrawn bigint NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT now()
);
-- A destination id is assigned once and stays taken: the row outlives a withdrawal or a rollback
-- (fingerprint null: not in the destination now), so that a patient who comes back keeps the id.
CREATE TABLE migration.crosswalk (
    cohort text NOT NULL,
    entity text NOT NULL,
    source_id text NOT NULL,
    destination_id uuid NOT NULL UNIQUE,
    fingerprint uuid,
    load_id bigint NOT NULL,
    PRIMARY KEY (cohort, entity, source_id)
);
-- What a load did to each record, with the row as it was before: append-only.
CREATE TABLE migration.journal (
    load_id bigint NOT NULL,
    entity text NOT NULL,
    destination_id uuid NOT NULL,
    action text NOT NULL,
    before jsonb
);
CREATE INDEX ON migration.journal USING brin (load_id);
CREATE SCHEMA IF NOT EXISTS migration_staging;
"""


def upgrade() -> None:
    op.execute(TABLES)
