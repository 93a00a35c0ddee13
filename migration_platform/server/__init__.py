"""Server: the embedded Postgres of a home."""
