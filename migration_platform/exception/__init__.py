"""Exception: records that wait for a person, whose they are, and what was decided about them."""
