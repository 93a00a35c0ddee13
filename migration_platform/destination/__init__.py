"""The destination platform: its tables (`schema.sql`), the staged tables beside them, the load, and
the place where its documents are kept. Reading back for reconciliation is not here on purpose."""
