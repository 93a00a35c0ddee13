"""When a search for duplicates read the patients, and which rows they were: what tells an old one. And
a person may put two registrations together that no search has.

Of a search from before, nobody can tell which rows it read.
"""

from alembic import op

revision = "platform_0011"
down_revision = "platform_0010"

TABLES = """
ALTER TABLE migration.duplicate_search ADD versions text NOT NULL DEFAULT '';
ALTER TABLE migration.duplicate_search ADD read_at timestamptz;
ALTER TABLE migration.duplicate_search DISABLE TRIGGER append_only;
UPDATE migration.duplicate_search SET read_at = found_at;
ALTER TABLE migration.duplicate_search ENABLE TRIGGER append_only;
ALTER TABLE migration.duplicate_search ALTER read_at SET NOT NULL;
ALTER TABLE migration.exception_act DROP CONSTRAINT exception_act_action_check;
ALTER TABLE migration.exception_act ADD CHECK (action IN (
    'assign', 'comment', 'propose', 'pair', 'merge', 'accept', 'reject', 'exclude', 'add code',
    'waive', 'settle', 'keep apart', 'reopen'));
CREATE INDEX ON migration.stage_run (entity, started_at) WHERE stage = 'extract';
"""


def upgrade() -> None:
    op.execute(TABLES)
