"""The suites on what was transformed and on what is in the destination, and how they are run."""
