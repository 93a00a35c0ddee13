"""Rollback triggers looked at on a schedule, what the team's notifier was told, and figures that keep
what they were counted out of.

A figure is a value, or a numerator and a denominator. `measured_at` is the instant it speaks of; a later
row for the same instant puts the earlier one right.
"""

from alembic import op

revision = "platform_0007"
down_revision = "platform_0006"

TABLES = """
ALTER TABLE migration.metric ALTER value DROP NOT NULL;
ALTER TABLE migration.metric ADD numerator numeric;
ALTER TABLE migration.metric ADD denominator numeric;
ALTER TABLE migration.metric ADD measured_at timestamptz;
ALTER TABLE migration.metric DISABLE TRIGGER append_only;
UPDATE migration.metric SET measured_at = recorded_at;
ALTER TABLE migration.metric ENABLE TRIGGER append_only;
ALTER TABLE migration.metric ALTER measured_at SET NOT NULL;
ALTER TABLE migration.metric ADD CHECK (
    num_nonnulls(value, numerator) = 1 AND num_nonnulls(value, denominator) = 1);
DROP INDEX migration.metric_cohort_name_id_idx;
CREATE INDEX ON migration.metric (cohort, name, measured_at, id);
CREATE TABLE migration.trigger_look (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    wave text NOT NULL,
    triggers jsonb NOT NULL,
    looked_at timestamptz NOT NULL
);
CREATE INDEX ON migration.trigger_look (wave, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.trigger_look
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
CREATE TABLE migration.notice (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event text NOT NULL,
    wave text NOT NULL,
    subject text NOT NULL,
    body jsonb NOT NULL,
    delivered boolean NOT NULL,
    problem text NOT NULL DEFAULT '',
    sent_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (delivered = (problem = ''))
);
CREATE INDEX ON migration.notice (event, wave, subject, id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.notice
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
"""


def upgrade() -> None:
    op.execute(TABLES)
