"""Night: the nightly look at every live cohort, judged and recorded."""
