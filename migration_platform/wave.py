"""Waves and cohorts as `waves.toml` declares them: who moves together, in which order, how old.

Parsing and validation only. Which patients a rule takes is decided in `cohort`, whether a wave may
go on in `promotion`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from migration_platform.errors import ConfigurationError
from migration_platform.toml_file import TomlFile

ATTRIBUTES = ("program", "state", "stage", "provider")
LONGEST_NAME = 24
"""Of a cohort: it is part of a table's name, which Postgres cuts at 63 bytes."""

NONE = "(none)"
"""In a rule: the source does not say."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Patients who move together. A patient belongs to the first cohort whose rule takes it.

    `where` gives the accepted values by attribute (`ATTRIBUTES`); an attribute not named accepts
    all. `at_most` patients and `share` (0 to 1) of the population bound it; whom the bound leaves
    out goes on to the next rule. An `orphans` cohort takes the records whose patient does not exist.
    """

    name: str
    wave: str
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    at_most: int | None = None
    share: float | None = None
    orphans: bool = False


@dataclass(frozen=True, slots=True)
class Wave:
    """Cohorts promoted together, and what must hold for that."""

    name: str
    cohorts: tuple[Cohort, ...]
    max_patients: int | None
    max_excepted_percent: float
    max_unmapped_codes: int
    freshness_hours: float
    drill_days: float
    """A drill of each cohort may be so old; 0: none is demanded."""
    min_sample_charts: int
    line: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All waves in order, the population's columns and the retention windows."""

    waves: tuple[Wave, ...]
    population: Mapping[str, str]
    as_of: datetime | None
    retention_months: int | None
    retention: Mapping[str, int | None]
    file: Path

    @property
    def cohorts(self) -> tuple[Cohort, ...]:
        return tuple(c for w in self.waves for c in w.cohorts)

    def wave(self, name: str) -> Wave:
        """The wave of that name. Raises ConfigurationError naming those there are."""
        for wave in self.waves:
            if wave.name == name:
                return wave
        raise ConfigurationError(
            f"no wave is named '{name}'. {self.file.name} has: "
            + ", ".join(w.name for w in self.waves)
        )

    def cohort(self, name: str) -> Cohort:
        """The cohort of that name. Raises ConfigurationError naming those there are."""
        for cohort in self.cohorts:
            if cohort.name == name:
                return cohort
        raise ConfigurationError(
            f"no cohort is named '{name}'. {self.file.name} has: "
            + ", ".join(c.name for c in self.cohorts)
        )

    def wave_of(self, cohort: str) -> Wave:
        return self.wave(self.cohort(cohort).wave)

    def before(self, wave: str) -> Wave | None:
        """The wave that must be promoted first, None for the first."""
        names = [w.name for w in self.waves]
        at = names.index(self.wave(wave).name)
        return self.waves[at - 1] if at else None

    def months(self, entity: str) -> int | None:
        """The entity's retention window in months, None to keep all."""
        return self.retention.get(entity, self.retention_months)


def load_plan(path: Path) -> Plan:
    """Read `waves.toml`. Raises ConfigurationError with file and line for anything that is not right."""
    return _Reader(path, "Set MIGRATION_WAVES to your waves file.").plan()


class _Reader(TomlFile):
    """Validates the parsed file and finds the line to name."""

    def plan(self) -> Plan:
        raw = self.raw
        self.known(raw, {"as_of", "population", "retention", "wave"}, 0, "this file")
        waves = tuple(self.wave(w) for w in raw.get("wave", []))
        if not waves:
            raise self.fail(1, "no [[wave]] is declared; the first one is the pilot")
        for kind, names in (
            ("wave", [w.name for w in waves]),
            ("cohort", [c.name for w in waves for c in w.cohorts]),
        ):
            for name in names:
                if names.count(name) > 1:
                    first = self.line("name", f'"{name}"')
                    again = self.line("name", f'"{name}"', after=first)
                    raise self.fail(again, f"a second {kind} is named '{name}'")
        orphans = [c.name for w in waves for c in w.cohorts if c.orphans]
        if len(orphans) != 1:
            raise self.fail(
                self.line("orphans"),
                "one cohort, and only one, takes the records whose patient does not exist "
                f"(orphans = true); here {len(orphans)} do",
            )
        retention = raw.get("retention", {})
        self.known(retention, {"months", "entities"}, self.line("[retention"), "[retention]")
        windows = {
            entity: self.window(entity, value)
            for entity, value in retention.get("entities", {}).items()
        }
        population = raw.get("population", {})
        at = self.line("[population")
        self.known(population, {"table", "key", *ATTRIBUTES}, at, "[population]")
        for key in ("table", "key"):
            if key not in population:
                raise self.fail(at, f"[population] needs '{key}': the patients' table and its key")
        return Plan(
            waves=waves,
            population=population,
            as_of=self.as_of(raw.get("as_of")),
            retention_months=self.window("months", retention.get("months", 24)),
            retention=windows,
            file=self.path,
        )

    def as_of(self, value: Any) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        raise self.fail(self.line("as_of"), "as_of must be a date, as in as_of = 2026-06-30")

    def window(self, name: str, value: Any) -> int | None:
        if value == "keep":
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        raise self.fail(self.line(name, "="), f'{name} must be a number of months or "keep"')

    def wave(self, raw: dict[str, Any]) -> Wave:
        name = raw.get("name")
        at = self.line("name", f'"{name}"')
        if not isinstance(name, str) or not name.replace("-", "").isalnum():
            raise self.fail(
                self.line("[[wave]]"), "a [[wave]] needs a name of letters, digits and -"
            )
        self.known(
            raw,
            {
                "name",
                "max_patients",
                "max_excepted_percent",
                "max_unmapped_codes",
                "freshness_hours",
                "drill_days",
                "min_sample_charts",
                "cohort",
            },
            at,
            f"wave '{name}'",
        )
        cohorts = tuple(self.cohort(c, name) for c in raw.get("cohort", []))
        if not cohorts:
            raise self.fail(at, f"wave '{name}' has no [[wave.cohort]]")
        percent = raw.get("max_excepted_percent", 0)
        if not isinstance(percent, int | float) or not 0 <= percent <= 100:
            raise self.fail(
                self.line("max_excepted_percent", after=at), "give a percentage, 0 to 100"
            )
        codes = raw.get("max_unmapped_codes", 0)
        if not isinstance(codes, int) or codes < 0:
            raise self.fail(self.line("max_unmapped_codes", after=at), "give a number of records")
        hours = raw.get("freshness_hours", 24)
        if not isinstance(hours, int | float) or hours <= 0:
            raise self.fail(
                self.line("freshness_hours", after=at), "give a number of hours above 0"
            )
        days = raw.get("drill_days", 0)
        if not isinstance(days, int | float) or days < 0:
            raise self.fail(
                self.line("drill_days", after=at), "give a number of days, 0 for no drill"
            )
        most = raw.get("max_patients")
        if most is not None and (not isinstance(most, int) or most < 1):
            raise self.fail(
                self.line("max_patients", after=at), "give a number of patients above 0"
            )
        charts = raw.get("min_sample_charts", 0)
        if not isinstance(charts, int) or isinstance(charts, bool) or charts < 0:
            raise self.fail(self.line("min_sample_charts", after=at), "give a number of charts")
        return Wave(
            name, cohorts, most, float(percent), codes, float(hours), float(days), charts, at
        )

    def cohort(self, raw: dict[str, Any], wave: str) -> Cohort:
        name = raw.get("name")
        at = self.line("name", f'"{name}"')
        if (
            not isinstance(name, str)
            or not name.replace("-", "").isalnum()
            or name == "reference"
            or len(name) > LONGEST_NAME
        ):
            raise self.fail(
                at,
                f"a cohort needs a name of up to {LONGEST_NAME} letters, digits and - "
                "('reference' is taken)",
            )
        self.known(raw, {"name", "where", "at_most", "share", "orphans"}, at, f"cohort '{name}'")
        where: dict[str, tuple[str, ...]] = {}
        for attribute, values in raw.get("where", {}).items():
            line = self.line(attribute, after=at - 1)
            if attribute not in ATTRIBUTES:
                raise self.fail(
                    line,
                    f"cohort '{name}': rules are over {', '.join(ATTRIBUTES)}, not '{attribute}'",
                )
            if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
                raise self.fail(line, f"cohort '{name}': give {attribute} as a list of texts")
            where[attribute] = tuple(values)
        share = raw.get("share")
        if share is not None and (not isinstance(share, int | float) or not 0 < share <= 1):
            raise self.fail(self.line("share", after=at - 1), "share is a part of 1, as in 0.2")
        most = raw.get("at_most")
        if most is not None and (not isinstance(most, int) or most < 1):
            raise self.fail(self.line("at_most", after=at - 1), "at_most is a number above 0")
        return Cohort(name, wave, where, most, share, bool(raw.get("orphans", False)))
