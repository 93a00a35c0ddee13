"""The reviewers' room: who may sign in, who is signed in, and who looked at patients' values, and why.

What was tried and what was looked at is append-only. No patient data: records appear as tokens. A
notice goes out with each commit that changed what the pages show, so that they need not ask again.
"""

from alembic import op

revision = "platform_0010"
down_revision = "platform_0009"

TABLES = """
CREATE TABLE migration.account (
    name text PRIMARY KEY,
    person text NOT NULL CHECK (person <> ''),
    password text NOT NULL,
    must_change boolean NOT NULL DEFAULT true,
    disabled_at timestamptz,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE migration.sign_in (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    address text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('signed in', 'refused', 'locked')),
    tried_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON migration.sign_in (name, tried_at);
CREATE INDEX ON migration.sign_in (address, tried_at);
-- `key` is a hash: whoever reads this table cannot sign in with it.
CREATE TABLE migration.session (
    key text PRIMARY KEY,
    person text NOT NULL,
    account text REFERENCES migration.account,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ends_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX ON migration.session (account) WHERE ended_at IS NULL;
CREATE TABLE migration.value_view (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person text NOT NULL CHECK (person <> ''),
    way text NOT NULL CHECK (way IN ('page', 'command line')),
    what text NOT NULL,
    token text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    viewed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON migration.value_view (viewed_at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.sign_in
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON migration.value_view
    FOR EACH STATEMENT EXECUTE FUNCTION migration.refuse_change();
-- The queue is listed by due time, a page at a time.
CREATE INDEX ON migration.exception (due_at, cohort, entity, token, stage) WHERE closed_at IS NULL;
CREATE INDEX ON migration.exception (cohort, due_at, entity, token, stage)
    WHERE closed_at IS NULL;
CREATE FUNCTION migration.tell_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('migration_change', '');
    RETURN NULL;
END $$;
DO $$
DECLARE
    each text;
BEGIN
    FOR each IN SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'migration'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN
        ('revision', 'account', 'sign_in', 'session', 'value_view', 'evidence', 'completeness')
    LOOP
        EXECUTE format('CREATE TRIGGER tell_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE '
            'ON migration.%I FOR EACH STATEMENT EXECUTE FUNCTION migration.tell_change()', each);
    END LOOP;
END $$;
"""


def upgrade() -> None:
    op.execute(TABLES)
