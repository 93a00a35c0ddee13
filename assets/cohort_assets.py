"""The assets of one cohort, and of the reference entities: one for each stage and entity.

Each takes its partition, calls the engine's stage and reports. Records never pass through Dagster;
they stand in the engine's staging area. No rule of a migration is decided here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import dagster as dg

from assets.asset_event import (
    Materialized,
    describe_check,
    describe_claim,
    describe_result,
    safe_errors,
)
from assets.report_resource import NAME as REPORT
from migration_platform import stage as stages
from migration_platform.check import Batch, ExpectationResult, Point
from migration_platform.entity import Entity
from migration_platform.platform import REFERENCE, Platform
from migration_platform.room.address import cohort_address

SENTENCES = {
    "extract": "The source's records, in one snapshot with the cohort's other entities.",
    "transform": "The mapped records; archived, excluded and excepted ones apart.",
    "load": "The records in the destination, with their crosswalk and journal.",
    "reconcile": "What was sent and what is there compared, field by field; the snapshot accounted for.",
}

LOOK_TAG, NIGHTLY = "migration/look", "nightly"
"""On runs that may rest on an earlier comparison where nothing has changed since."""

Open: TypeAlias = Callable[[], Platform]


class Suites(Protocol):
    """What the checks offer. `assets.definitions` passes it in: assets know no suite."""

    def validate(self, batch: Batch) -> Sequence[ExpectationResult]:
        """Run the suite of the batch's entity on it."""

    def suite_digest(self, entity: str) -> str:
        """The digest of an entity's suite."""


def stage_key(stage: str, entity: str) -> dg.AssetKey:
    """The key of an asset."""
    return dg.AssetKey([stage, entity])


class StageAssets:
    """Builds the assets of the entities that share a partitioning (cohorts, or none)."""

    def __init__(
        self,
        open_platform: Open,
        suites: Suites,
        entities: Sequence[Entity],
        cohorts: dg.PartitionsDefinition[str] | None,
    ) -> None:
        self.open, self.suites, self.entities, self.cohorts = (
            open_platform,
            suites,
            entities,
            cohorts,
        )

    def build(self) -> list[dg.AssetsDefinition]:
        """Extract once for all entities (one snapshot), then three assets for each."""
        each = (self.transform, self.load, self.reconcile)
        return [self.extract(), *(make(entity) for entity in self.entities for make in each)]

    def extract(self) -> dg.AssetsDefinition:
        """One asset for each entity, taken together so that they show the same moment."""
        specs = [
            self._spec("extract", entity, (), {"postgres", "parquet"}) for entity in self.entities
        ]

        @dg.multi_asset(
            name="extract_cohort" if self.cohorts else "extract_reference",
            specs=specs,
            can_subset=True,
            partitions_def=self.cohorts,
        )
        def extract(context: dg.AssetExecutionContext) -> Iterator[Materialized]:
            chosen = context.selected_asset_keys
            names = [e.name for e in self.entities if stage_key("extract", e.name) in chosen]
            with safe_errors("extract"):
                extracted = stages.extract(self.open(), cohort_of(context), names)
                for name in names:
                    yield Materialized(
                        asset_key=stage_key("extract", name),
                        metadata=describe_result(extracted[name]),
                        data_version=dg.DataVersion(extracted[name].digest),
                    )

        return extract

    def transform(self, entity: Entity) -> dg.AssetsDefinition:
        """The mapping, and the suite on what came of it."""
        deps = [stage_key("extract", entity.name), *self._parents("transform", entity)]
        checks = {"suite": f"The {entity.name} suite on what was transformed, before it is loaded."}

        @self._asset("transform", entity, deps, checks, {"polars", "parquet", "greatexpectations"})
        def transform(context: dg.AssetExecutionContext) -> Materialized:
            cohort = cohort_of(context)
            with safe_errors(f"transform {entity.name} of {cohort}"):
                result = stages.transform(self.open(), cohort, entity.name)
                return Materialized(
                    metadata=describe_result(result),
                    data_version=dg.DataVersion(result.digest),
                    check_results=[self._check("suite", context, entity, "transformed")],
                )

        return transform

    def load(self, entity: Entity) -> dg.AssetsDefinition:
        """The load, which keeps the gate itself, and the suite on what is in the destination."""
        deps = [stage_key("transform", entity.name), *self._parents("load", entity)]
        name = "suite_in_destination"
        checks = {name: f"The {entity.name} suite on the cohort's records in the destination."}

        @self._asset("load", entity, deps, checks, {"postgres", "greatexpectations"})
        def load(context: dg.AssetExecutionContext) -> Materialized:
            cohort = cohort_of(context)
            with safe_errors(f"load {entity.name} of {cohort}"):
                result = stages.load(self.open(), cohort, entity.name)
                return Materialized(
                    metadata=describe_result(result),
                    data_version=dg.DataVersion(result.digest),
                    check_results=[self._check(name, context, entity, "destination")],
                )

        return load

    def reconcile(self, entity: Entity) -> dg.AssetsDefinition:
        """The comparison of source snapshot and destination, field by field, and the balance."""
        deps = [stage_key("load", entity.name)]
        checks = {
            "balanced": "Every source record is accounted for.",
            "clean": "The destination holds what was sent, in every field, and nothing else.",
        }

        @self._asset("reconcile", entity, deps, checks, {"postgres", "duckdb"})
        def reconcile(context: dg.AssetExecutionContext) -> Materialized:
            cohort = cohort_of(context)
            with safe_errors(f"reconcile {entity.name} of {cohort}"):
                full = context.run.tags.get(LOOK_TAG) != NIGHTLY
                platform = self.open()
                result = stages.reconcile(platform, cohort, entity.name, full=full)
                page = cohort_address(platform.settings, cohort, entity.name)
                return Materialized(
                    metadata={
                        **describe_result(result),
                        "open the page": dg.MetadataValue.url(page),
                    },
                    data_version=dg.DataVersion(result.digest),
                    check_results=[
                        describe_claim("balanced", result.balanced, result.sentence),
                        describe_claim(
                            "clean", result.clean, result.sentence, waived=result.waived
                        ),
                    ],
                )

        return reconcile

    def _check(
        self, name: str, context: dg.AssetExecutionContext, entity: Entity, point: Point
    ) -> dg.AssetCheckResult:
        platform = self.open()
        batch = stages.batch(platform, cohort_of(context), entity.name, point)
        results = self.suites.validate(batch)
        digest = self.suites.suite_digest(entity.name)
        outcome = stages.record_check(platform, batch, digest, results)
        report = context.resources.expectation_report
        return describe_check(
            name,
            outcome,
            report,
            cohort_address(platform.settings, cohort_of(context), "expectations"),
        )

    def _parents(self, stage: str, entity: Entity) -> list[dg.AssetKey]:
        return [stage_key(stage, parent) for parent in entity.parents]

    def _asset(
        self,
        stage: str,
        entity: Entity,
        deps: Sequence[dg.AssetKey],
        checks: Mapping[str, str],
        kinds: set[str],
    ) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
        spec = self._spec(stage, entity, deps, kinds)
        return dg.asset(
            key=spec.key,
            deps=spec.deps,
            check_specs=[
                dg.AssetCheckSpec(name, asset=spec.key, blocking=True, description=description)
                for name, description in checks.items()
            ],
            required_resource_keys=set() if stage == "reconcile" else {REPORT},
            partitions_def=self.cohorts,
            description=spec.description,
            group_name=spec.group_name,
            code_version=spec.code_version,
            owners=spec.owners,
            kinds=kinds,
            tags=spec.tags,
            metadata=spec.metadata,
        )

    def _spec(
        self,
        stage: str,
        entity: Entity,
        deps: Sequence[dg.AssetKey],
        kinds: set[str],
    ) -> dg.AssetSpec:
        platform = self.open()
        return dg.AssetSpec(
            stage_key(stage, entity.name),
            deps=deps,
            description=f"{entity.description.rstrip('.')}. {SENTENCES[stage]}",
            group_name=entity.group,
            code_version=platform.mapping_digest(entity.name)[:16],
            owners=[f"team:{role.replace(' ', '-')}" for role in platform.owners(entity.name)],
            kinds=kinds,
            tags={"migration/stage": stage, "migration/entity": entity.name},
            metadata=describe_mapping(entity) if stage in ("transform", "load") else {},
        )


def describe_mapping(entity: Entity) -> dict[str, dg.MetadataValue]:
    """The mapping's file, and each destination column with where it comes from."""
    columns = [
        dg.TableColumn(
            field.name,
            field.type,
            description=f"{field.description} {field.origin.sentence}".strip(),
            constraints=dg.TableColumnConstraints(nullable=not field.required),
        )
        for field in entity.fields
    ]
    return {
        "dagster/column_schema": dg.TableSchemaMetadataValue(dg.TableSchema(columns)),
        "mapping": dg.MetadataValue.path(f"assets/entities/{entity.file.name}"),
    }


def cohort_of(context: dg.AssetExecutionContext) -> str:
    """The cohort that a run is about. Reference entities have no partition."""
    return context.partition_key if context.has_partition_key else REFERENCE
