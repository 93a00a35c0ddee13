"""Platform: one migration as a whole, put together from its settings: what every front door opens.

Opening it touches no database; each connection is made when it is first needed.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migration_platform.control_total import ControlTotal, load_control_totals
from migration_platform.database import adbc, answers, connect, is_lost, url
from migration_platform.decision import seal
from migration_platform.decision.people import People, load_people
from migration_platform.errors import ConfigurationError
from migration_platform.evidence.criteria import Criteria, load_criteria
from migration_platform.evidence.readiness import Item, load_readiness
from migration_platform.exception.kind import Kind, load_kinds
from migration_platform.outline import Outline, outline_entity
from migration_platform.registry import Announced, mapping_digest, suite_digest
from migration_platform.settings import Database, Settings
from migration_platform.source.as_of import months_before
from migration_platform.source.inspection import Applicability, judge_entities, read_tables
from migration_platform.staging import Staging
from migration_platform.wave import Plan, load_plan

# What connects to a database is imported when something does: it takes a tenth of a second.
if TYPE_CHECKING:
    import psycopg

    from migration_platform.entity import Entity
    from migration_platform.store import Store

REFERENCE = "reference"
"""The cohort name under which reference entities are staged, loaded and accounted for."""

DEFAULT_OWNER = "technical lead"


def _stamp(file: Path) -> tuple[int, int]:
    try:
        stat = file.stat()
    except OSError:
        return 0, 0  # reading it says why
    return stat.st_mtime_ns, stat.st_size


@lru_cache(maxsize=8)
def _read_plan(file: Path, stamp: tuple[int, int]) -> Plan:
    """The waves of a file as it was at that time and size: with hundreds of cohorts it takes a while."""
    return load_plan(file)


@dataclass
class Platform:
    """A migration: settings, plan, entities, store and staging."""

    settings: Settings
    plan: Plan
    entities: Mapping[str, Entity]
    suites: Callable[[str], str] = suite_digest
    control_totals_file: Path | None = None
    _ready: set[str] = field(default_factory=set)
    _streams: dict[str, Any] = field(default_factory=dict)
    _destinations: list[psycopg.Connection[Any]] = field(default_factory=list)
    _as_of: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def open(cls, settings: Settings | None = None) -> Platform:
        """Read the settings and the waves. Raises ConfigurationError.

        The entities' mappings are imported when the first of them is asked for.
        """
        settings = settings or Settings.load()
        announced = Announced(settings.home / "entities.json")
        return cls(
            settings,
            load_plan(settings.waves_file),
            announced,
            control_totals_file=settings.control_totals_file,
        )

    def renew(self) -> Platform:
        """This platform with its files read anew and its connections kept, for who stays for long."""
        fresh = replace(self, plan=_read_plan(self.plan.file, _stamp(self.plan.file)), _as_of={})
        if "store" in self.__dict__:
            fresh.__dict__["store"] = self.store
        return fresh

    @cached_property
    def outlines(self) -> Mapping[str, Outline]:
        """What is known of each entity without its mapping, parents first."""
        if isinstance(self.entities, Announced):
            return self.entities.outlines
        return {name: outline_entity(entity) for name, entity in self.entities.items()}

    @cached_property
    def control_totals(self) -> tuple[ControlTotal, ...]:
        """What both platforms must add up to. Raises ConfigurationError with file and line."""
        if self.control_totals_file is None:
            return ()
        return load_control_totals(self.control_totals_file, self.outlines)

    @cached_property
    def store(self) -> Store:
        from migration_platform import schema
        from migration_platform.store import Store

        schema.upgrade(self.settings, "platform")
        return Store(self.settings)

    @cached_property
    def staging(self) -> Staging:
        return Staging(self.settings.staging)

    def source(self) -> psycopg.Connection[Any]:
        """A connection to the source, to read from."""
        return connect(self.settings, "source", application_name="migration extract")

    @contextmanager
    def destination(self) -> Iterator[psycopg.Connection[Any]]:
        """A transaction at the destination, with our own tables there at this code's revision.

        It commits when the block ends without an error; the connection is kept for the next time.
        """
        self._prepare_destination()
        connection = self._destinations.pop() if self._destinations else None
        if connection is None or is_lost(connection):
            connection = connect(self.settings, "destination", application_name="migration load")
        try:
            yield connection
            connection.commit()
        except BaseException:
            connection.close()
            raise
        self._destinations.append(connection)

    def frozen_cohorts(self) -> list[tuple[str, str, int]]:
        """Each frozen cohort with its wave and the wave's place in order when it was frozen."""
        with self.destination() as connection:
            return connection.execute(
                "SELECT name, wave, place FROM migration.cohort ORDER BY name"
            ).fetchall()

    def read_frozen(self) -> dict[str, int]:
        """How many patients each frozen cohort has. From when its windows count back is remembered."""
        with self.destination() as connection:
            rows = connection.execute(
                "SELECT name, patients, as_of FROM migration.cohort"
            ).fetchall()
        self._as_of |= {name: as_of.astimezone(UTC) for name, _, as_of in rows if as_of}
        return {name: int(patients) for name, patients, _ in rows}

    def window_start(self, cohort: str, entity: str) -> datetime | None:
        """The instant before which the entity's records are archived; None to keep all."""
        months = self.plan.months(entity)
        if cohort == REFERENCE or months is None or not self.outline(entity).has_retention:
            return None
        as_of = self.as_of(cohort)
        return None if as_of is None else months_before(as_of, months)

    def suite_digest(self, entity: str) -> str:
        """Digest of what is asked of the entity's records now."""
        return self.suites(entity)

    @cached_property
    def destination_url(self) -> str:
        """The destination for SQLAlchemy. It may hold a password: never print it."""
        return url(self.settings, "destination", driver="psycopg2")

    def close(self) -> None:
        """Give the connections back."""
        self.store.close()
        for connection in [*self._destinations, *self._streams.values()]:
            connection.close()
        self._destinations.clear()
        self._streams.clear()

    def as_of(self, cohort: str) -> datetime | None:
        """The instant from which the cohort's retention windows count back."""
        if self.plan.as_of is not None:
            return self.plan.as_of
        if cohort not in self._as_of:
            with self.destination() as connection:
                row = connection.execute(
                    "SELECT as_of FROM migration.cohort WHERE name = %s", (cohort,)
                ).fetchone()
            if row is None or row[0] is None:
                return None
            self._as_of[cohort] = row[0].astimezone(UTC)
        return self._as_of[cohort]

    @contextmanager
    def streaming(self, name: Database) -> Iterator[Any]:
        """An ADBC connection, for whole sets of rows; one transaction, undone at the end unless the
        block commits it.

        It is kept for the next time: opening one costs as much as a small cohort's reads.
        """
        if name == "destination":
            self._prepare_destination()
        connection = self._streams.pop(name, None)
        if connection is None or not answers(connection):
            connection = adbc(self.settings, name)
        try:
            yield connection
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        self._streams[name] = connection

    def _prepare_destination(self) -> None:
        """Our own tables there, at this code's revision."""
        if "destination" not in self._ready:
            from migration_platform import schema

            schema.upgrade(self.settings, "destination")
            self._ready.add("destination")

    @cached_property
    def applicability(self) -> dict[str, Applicability]:
        """What the source has for each entity. Raises ConfigurationError if it has nothing."""
        with self.source() as connection:
            tables = read_tables(connection)
        if self.plan.population["table"] not in tables:
            raise ConfigurationError(
                f"the source database has no table {self.plan.population['table']}. Build the "
                "sample with `migration sample`, or set MIGRATION_SOURCE_URL to your platform."
            )
        self.source_tables = tables
        return judge_entities(self.entities, tables)

    def require_runnable(self) -> None:
        """Raise ConfigurationError unless there are a source to read and kinds for what is held back:
        otherwise a run would learn it in the middle."""
        _ = self.applicability, self.kinds

    @cached_property
    def states(self) -> dict[str, str]:
        """Two-letter state by any known spelling, casefolded, from the code map that mappings use."""
        path = self.settings.root / "assets" / "entities" / "code_maps" / "state.csv"
        if not path.exists():
            return {}
        with path.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
        return {r["source_code"].strip().casefold(): r["destination_code"] for r in rows}

    def entity(self, name: str) -> Entity:
        """The entity of that name, with its mapping. Raises ConfigurationError as `outline` does."""
        return self.entities[self.outline(name).name]

    def outline(self, name: str) -> Outline:
        """What is known of an entity without its mapping. Raises ConfigurationError naming those
        there are."""
        if name not in self.outlines:
            raise ConfigurationError(
                f"no entity is named '{name}'. There are: {', '.join(self.outlines)}"
            )
        return self.outlines[name]

    def cohort_entities(self, cohort: str) -> list[str]:
        """The entities that a cohort moves, parents first."""
        reference = cohort == REFERENCE
        return [o.name for o in self.outlines.values() if o.is_reference == reference]

    def totals_of(self, entity: str) -> tuple[ControlTotal, ...]:
        """The control totals that are computed with the entity's reconciliation."""
        return tuple(t for t in self.control_totals if t.entity == entity)

    def mapping_digest(self, entity: str) -> str:
        return mapping_digest(self.outline(entity))

    def live_cohorts(self) -> list[str]:
        """Cohorts with every entity loaded, in the plan's order: what the nightly run looks at."""
        names = [c.name for c in self.plan.cohorts]
        runs = self.store.latest_runs(names)
        loaded = {(r.cohort, r.entity) for r in runs if r.stage == "load"}
        return [
            name
            for name in names
            if all((name, entity) in loaded for entity in self.cohort_entities(name))
        ]

    @cached_property
    def ownership(self) -> list[dict[str, str]]:
        """The ownership matrix: a row per entity and field (`ownership.csv`)."""
        path = self.settings.ownership_file
        try:
            with path.open(encoding="utf-8", newline="") as opened:
                return list(csv.DictReader(opened))
        except OSError as error:
            raise ConfigurationError(
                f"{path}: cannot be read ({error.strerror}). It names who owns each field."
            ) from error

    def beside_waves(self, name: str) -> Path:
        """A file that says more about the waves than their own does."""
        return self.plan.file.with_name(name)

    @cached_property
    def criteria(self) -> dict[str, Criteria]:
        """What each wave must fulfil, by wave (`criteria.toml`)."""
        return load_criteria(self.beside_waves("criteria.toml"), self.plan.waves, self._kind_names)

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """Whose each kind of exception is, and until when (`exceptions.toml`)."""
        return load_kinds(self.beside_waves("exceptions.toml"))

    @property
    def _kind_names(self) -> tuple[str, ...]:
        return tuple(self.kinds) if self.beside_waves("exceptions.toml").exists() else ()

    @cached_property
    def readiness(self) -> tuple[Item, ...]:
        """What must be done before each wave (`readiness.toml`)."""
        names = [wave.name for wave in self.plan.waves]
        return load_readiness(self.beside_waves("readiness.toml"), names)

    @cached_property
    def people(self) -> People:
        """Who may decide (`people.toml`)."""
        return load_people(self.beside_waves("people.toml"))

    def decided_beforehand(self, wave: str) -> dict[str, Any]:
        """What the files say about a wave now: what is sealed when it opens."""
        people = self.people if self.beside_waves("people.toml").exists() else None
        declared = self.plan.wave(wave)
        kinds = [self.kinds[name] for name in self._kind_names]
        return seal.describe(declared, self.criteria.get(wave), self.readiness, people, kinds)

    def owner(self, entity: str, field_name: str = "") -> str:
        """The role that owns a field, or the entity (the owner of most of its fields)."""
        by_field, most = self._owners.get(entity, ({}, DEFAULT_OWNER))
        return by_field.get(field_name, most)

    @cached_property
    def _owners(self) -> dict[str, tuple[dict[str, str], str]]:
        """By entity: the owner of each field, and of most of them."""
        found: dict[str, tuple[dict[str, str], str]] = {}
        for entity in dict.fromkeys(row["entity"] for row in self.ownership):
            by_field: dict[str, str] = {}
            rows = [r for r in self.ownership if r["entity"] == entity]
            for row in rows:
                by_field.setdefault(row["field"], row["owner"])
            owners = [r["owner"] for r in rows]
            found[entity] = (by_field, max(owners, key=owners.count))
        return found

    def owners(self, entity: str) -> tuple[str, ...]:
        """Every role that owns a field of the entity."""
        return tuple(dict.fromkeys(r["owner"] for r in self.ownership if r["entity"] == entity))
