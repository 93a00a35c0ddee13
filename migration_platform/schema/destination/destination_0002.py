"""What a rollback rests on: each row as a load left it, and the rollbacks that took loads back."""

from alembic import op

revision = "destination_0002"
down_revision = "destination_0001"

TABLES = """
-- The row as the load left it, read from the destination itself: whatever differs from it later was
-- written there by somebody else. As the text of the row, of the columns that the load keeps. Null
-- after a withdrawal, and in journals from before this revision.
ALTER TABLE migration.journal ADD after text;
ALTER TABLE migration.load ADD columns text;
-- A cohort's loads up to `last_load_id` are undone by its rollback. The journal keeps them.
CREATE TABLE migration.rollback (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cohort text NOT NULL,
    number int NOT NULL,
    last_load_id bigint NOT NULL,
    person text NOT NULL CHECK (person <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    counts jsonb NOT NULL,
    digest_before text NOT NULL,
    digest_after text NOT NULL,
    rolled_back_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (cohort, number)
);
"""


def upgrade() -> None:
    op.execute(TABLES)
