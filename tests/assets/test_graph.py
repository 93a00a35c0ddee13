"""The graph that the shipped entities and waves make, loaded without any database."""

import os
import subprocess
import sys

import dagster as dg
import pytest

from migration_platform.platform import Platform
from migration_platform.settings import Settings

STAGES = ("extract", "transform", "load", "reconcile")


@pytest.fixture(scope="module")
def shipped(session_home: object) -> dg.RepositoryDefinition:
    from assets.definitions import defs

    return defs.get_repository_def()


def test_the_code_location_loads_with_no_database_to_be_had(settings: Settings) -> None:
    nowhere = {
        f"MIGRATION_{name}_URL": f"postgresql://nobody@127.0.0.1:9/{name.lower()}"
        for name in ("SOURCE", "DESTINATION", "PLATFORM", "DAGSTER")
    }
    done = subprocess.run(
        [sys.executable, "-c", "from assets.definitions import defs; defs.get_repository_def()"],
        env={**os.environ, **nowhere},
        cwd=settings.root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_every_entity_has_an_asset_in_every_stage(shipped: dg.RepositoryDefinition) -> None:
    entities = Platform.open().entities
    keys = {tuple(key.path) for key in shipped.asset_graph.get_all_asset_keys()}
    assert keys == {
        *((stage, entity) for stage in STAGES for entity in entities),
        ("wave", "evidence"),
        ("wave", "promotion"),
        ("night", "report"),
        ("trigger", "look"),
    }


def test_patient_entities_are_partitioned_by_cohort_and_reference_entities_are_not(
    shipped: dg.RepositoryDefinition,
) -> None:
    platform, graph = Platform.open(), shipped.asset_graph
    cohorts = [cohort.name for cohort in platform.plan.cohorts]
    for entity in platform.entities.values():
        for stage in STAGES:
            partitions = graph.get(dg.AssetKey([stage, entity.name])).partitions_def
            if entity.is_reference:
                assert partitions is None
            else:
                assert partitions is not None
                assert list(partitions.get_partition_keys()) == cohorts


def test_an_asset_follows_its_stage_before_and_its_parents(
    shipped: dg.RepositoryDefinition,
) -> None:
    graph = shipped.asset_graph

    def before(key: str) -> set[str]:
        parents = graph.get(dg.AssetKey(key.split("/"))).parent_keys
        return {parent.to_user_string() for parent in parents}

    assert before("extract/payment") == set()
    assert before("transform/payment") == {
        "extract/payment", "transform/patient", "transform/subscription",
    }  # fmt: skip
    assert before("load/payment") == {"transform/payment", "load/patient", "load/subscription"}
    assert before("reconcile/payment") == {"load/payment"}
    assert before("wave/evidence") == {f"reconcile/{name}" for name in Platform.open().entities}
    assert before("wave/promotion") == {"wave/evidence"}


def test_every_check_of_a_stage_blocks(shipped: dg.RepositoryDefinition) -> None:
    graph = shipped.asset_graph
    names = {"transform": {"suite"}, "load": {"suite_in_destination"},
             "reconcile": {"balanced", "clean"}}  # fmt: skip
    for entity in Platform.open().entities:
        for stage, expected in names.items():
            checks = graph.get_check_keys_for_assets({dg.AssetKey([stage, entity])})
            assert {check.name for check in checks} == expected
            assert all(graph.get_check_spec(check).blocking for check in checks)


def test_a_waves_evidence_hangs_on_its_own_cohorts_only(shipped: dg.RepositoryDefinition) -> None:
    graph, plan = shipped.asset_graph, Platform.open().plan
    evidence = dg.AssetKey(["wave", "evidence"])
    mapping = graph.get_partition_mapping(evidence, dg.AssetKey(["reconcile", "patient"]))
    cohorts = graph.get(dg.AssetKey(["reconcile", "patient"])).partitions_def
    waves = graph.get(evidence).partitions_def
    assert cohorts is not None
    assert waves is not None
    for wave in plan.waves:
        found = mapping.get_upstream_mapped_partitions_result_for_partitions(
            waves.empty_subset().with_partition_keys([wave.name]), waves, cohorts
        )
        assert set(found.partitions_subset.get_partition_keys()) == {
            cohort.name for cohort in wave.cohorts
        }


def test_assets_say_what_they_are_whose_and_by_which_mapping(
    shipped: dg.RepositoryDefinition,
) -> None:
    platform = Platform.open()
    node = shipped.asset_graph.get(dg.AssetKey(["load", "patient"]))
    assert node.description.startswith(platform.entities["patient"].description.rstrip("."))
    assert node.code_version == platform.mapping_digest("patient")[:16]
    assert node.owners
    assert all(owner.startswith("team:") for owner in node.owners)
    assert node.group_name == "identity"
    described = node.metadata["dagster/column_schema"]
    assert isinstance(described, dg.TableSchemaMetadataValue)
    assert [column.name for column in described.schema.columns] == [
        field.name for field in platform.entities["patient"].fields
    ]


def test_the_jobs_hold_what_their_names_say(shipped: dg.RepositoryDefinition) -> None:
    def assets(job: str) -> set[str]:
        keys = shipped.get_job(job).asset_layer.executable_asset_keys
        return {key.to_user_string() for key in keys}

    entities = Platform.open().entities.values()
    reference = {e.name for e in entities if e.is_reference}
    patient = {e.name for e in entities if not e.is_reference}
    assert assets("reference") == {f"{stage}/{name}" for stage in STAGES for name in reference}
    assert assets("cohort") == {f"{stage}/{name}" for stage in STAGES for name in patient}
    assert assets("nightly") == {f"reconcile/{name}" for name in patient}
    assert assets("wave") == {"wave/evidence", "wave/promotion"}
