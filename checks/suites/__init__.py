"""One suite per entity: what must hold of its records. Great Expectations only."""
