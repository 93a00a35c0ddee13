"""The Dagster layer, and in `entities/` what moves. No rule of a migration is decided in Dagster."""
