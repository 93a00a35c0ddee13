"""Alembic's entry: runs the revisions on the connection that `schema.upgrade` hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="revision",
    version_table_schema="migration",
)
with context.begin_transaction():
    context.run_migrations()
