"""The source platform, read only: what it has (`inspection`), whose it is (`membership`), and the
snapshot of a cohort (`extraction`). Nothing here writes to the source's own tables."""
