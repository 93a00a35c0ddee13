"""What a stage has to say beyond its counts: a reconciliation's clusters and certificate."""

from alembic import op

revision = "platform_0002"
down_revision = "platform_0001"


def upgrade() -> None:
    op.execute("ALTER TABLE migration.stage_run ADD detail jsonb NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    op.execute("ALTER TABLE migration.stage_run DROP detail")
