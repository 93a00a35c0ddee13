"""What the evidence says of whole charts: completeness as it was last looked at, samples drawn for
people to check by eye, and what these judged. Charts appear as tokens of their patients."""

from alembic import op

revision = "platform_0004"
down_revision = "platform_0003"

TABLES = """
-- One row a cohort: kept because looking reads all that is staged of it. `digest` names what was read.
CREATE TABLE migration.completeness (
    cohort text PRIMARY KEY,
    digest text NOT NULL,
    result jsonb NOT NULL,
    looked_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE migration.chart_sample (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cohort text NOT NULL,
    seed bigint NOT NULL,
    population bigint NOT NULL,
    population_digest text NOT NULL,
    drawn_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON migration.chart_sample (cohort, id);
CREATE TABLE migration.sampled_chart (
    sample_id bigint NOT NULL REFERENCES migration.chart_sample,
    place int NOT NULL,
    token text NOT NULL,
    stratum text NOT NULL,
    is_random boolean NOT NULL,
    PRIMARY KEY (sample_id, token)
);
CREATE TABLE migration.chart_judgement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cohort text NOT NULL,
    token text NOT NULL,
    is_right boolean NOT NULL,
    person text NOT NULL CHECK (person <> ''),
    comment text NOT NULL DEFAULT '',
    chart_digest text NOT NULL,
    judged_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON migration.chart_judgement (cohort, token, id);
CREATE FUNCTION migration.refuse_change_of_judgement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'samples and judgements are append-only: judge the chart again';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.chart_judgement
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change_of_judgement();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.sampled_chart
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change_of_judgement();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.chart_sample
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change_of_judgement();
"""


def upgrade() -> None:
    op.execute(TABLES)
