"""Dagster's event log, written together: the same stands in it as without, and nothing later."""

import os
from collections.abc import Iterator
from hashlib import sha256
from threading import Barrier, Thread
from typing import Any

import dagster as dg
import psycopg
import pytest
from dagster_postgres import PostgresEventLogStorage

from assets.asset_event import Materialized
from assets.event_log import FrugalEventLogStorage

COHORTS = dg.StaticPartitionsDefinition(["one", "two"])
NAMES = ["b", "a", "c"]


@dg.multi_asset(
    specs=[dg.AssetSpec(["logged", name]) for name in NAMES],
    partitions_def=COHORTS,
    can_subset=True,
)
def parents(context: dg.AssetExecutionContext) -> Iterator[Materialized]:
    for key in [["logged", name] for name in NAMES]:
        if dg.AssetKey(key) in context.selected_asset_keys:
            version = dg.DataVersion(f"{key[-1]} of {context.partition_key}")
            yield dg.MaterializeResult(asset_key=key, data_version=version)


@dg.asset(
    key=["logged", "child"],
    deps=[["logged", name] for name in NAMES],
    code_version="1",
    check_specs=[dg.AssetCheckSpec(name, asset=["logged", "child"]) for name in ("sound", "whole")],
    partitions_def=COHORTS,
)
def child() -> Materialized:
    return dg.MaterializeResult(
        metadata={"rows": 3},
        check_results=[
            dg.AssetCheckResult(check_name="sound", passed=True),
            dg.AssetCheckResult(check_name="whole", passed=False),
        ],
    )


@pytest.fixture
def shipped(instance: dg.DagsterInstance) -> Iterator[dg.DagsterInstance]:
    """The same database through dagster-postgres as it is."""
    url = os.environ["MIGRATION_DAGSTER_STORAGE_URL"]
    with dg.instance_for_test(overrides={"storage": {"postgres": {"postgres_url": url}}}) as found:
        yield found


def materialize(instance: dg.DagsterInstance, cohort: str, *chosen: str) -> str:
    """Run the assets for a cohort, or some of them. Returns the run's id."""
    selection = [dg.AssetKey(["logged", name]) for name in chosen or (*NAMES, "child")]
    run = dg.materialize(
        [parents, child], instance=instance, partition_key=cohort, selection=selection
    )
    assert run.success
    return run.run_id


def ask(question: str, *values: object) -> list[tuple[Any, ...]]:
    """What stands in Dagster's database, past any of its code."""
    url = os.environ["MIGRATION_DAGSTER_STORAGE_URL"].replace("postgresql+psycopg2", "postgresql")
    with psycopg.connect(url) as connection:
        return connection.execute(question, values).fetchall()


def all_of(run: str) -> dict[str, list[tuple[Any, ...]]]:
    """What a run left in the tables. Ids of events are those of its own run, or not."""
    return {
        "events": ask(
            "SELECT dagster_event_type, step_key, asset_key, partition FROM event_logs "
            "WHERE run_id = %s ORDER BY id",
            run,
        ),
        "tags": ask(
            "SELECT t.asset_key, t.key, t.value, e.partition FROM asset_event_tags t "
            "JOIN event_logs e ON e.id = t.event_id WHERE e.run_id = %s ORDER BY 1, 2",
            run,
        ),
        "checks": ask(
            "SELECT c.asset_key, c.check_name, c.execution_status, c.partition, "
            "e.dagster_event_type, target.run_id = c.run_id, target.asset_key "
            "FROM asset_check_executions c JOIN event_logs e "
            "ON e.id = c.evaluation_event_storage_id "
            "JOIN event_logs target ON target.id = c.materialization_event_storage_id "
            "WHERE c.run_id = %s ORDER BY 2",
            run,
        ),
        "assets": ask("SELECT asset_key FROM asset_keys WHERE last_run_id = %s ORDER BY 1", run),
    }


def provenance_of(instance: dg.DagsterInstance, run: str) -> dict[str, str]:
    """What the child's materialization in a run says it was made from."""
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    found = [
        each.asset_materialization
        for each in instance.get_records_for_run(run, of_type=kind).records
    ]
    [tags] = [m.tags for m in found if m and m.asset_key == dg.AssetKey(["logged", "child"])]
    return dict(tags or {})


def test_the_same_stands_in_the_tables_as_without_it(
    instance: dg.DagsterInstance, shipped: dg.DagsterInstance
) -> None:
    ours = all_of(materialize(instance, "one"))

    theirs = all_of(materialize(shipped, "one"))

    assert isinstance(instance.event_log_storage, FrugalEventLogStorage)
    assert type(shipped.event_log_storage) is PostgresEventLogStorage
    assert len(ours["checks"]) == 2
    assert len(ours["assets"]) == 4
    assert sorted(ours["events"], key=str) == sorted(theirs["events"], key=str)
    assert {name: rows for name, rows in ours.items() if name != "events"} == {
        name: rows for name, rows in theirs.items() if name != "events"
    }


def test_events_are_kept_in_the_order_in_which_they_came(instance: dg.DagsterInstance) -> None:
    run = materialize(instance, "one", "child")

    left_out = ("ENGINE_EVENT", "RESOURCE_INIT_STARTED", "RESOURCE_INIT_SUCCESS", "LOGS_CAPTURED")
    events = [kind for kind, *_ in all_of(run)["events"] if kind not in left_out]

    assert events == [
        "ASSET_MATERIALIZATION_PLANNED", "ASSET_CHECK_EVALUATION_PLANNED",
        "ASSET_CHECK_EVALUATION_PLANNED", "PIPELINE_START", "STEP_START",
        "STEP_OUTPUT", "ASSET_MATERIALIZATION",
        "STEP_OUTPUT", "ASSET_CHECK_EVALUATION", "STEP_OUTPUT", "ASSET_CHECK_EVALUATION",
        "STEP_SUCCESS", "PIPELINE_SUCCESS",
    ]  # fmt: skip


def test_a_check_is_about_what_its_own_step_stored_and_not_about_an_earlier_run(
    instance: dg.DagsterInstance,
) -> None:
    materialize(instance, "one", "child")
    materialize(instance, "two", "child")

    run = materialize(instance, "one", "child")

    own = True
    assert [(name, row[-2]) for _, name, *row in all_of(run)["checks"]] == [
        ("sound", own),
        ("whole", own),
    ]


def test_a_child_names_its_parents_of_its_own_cohort_whichever_was_materialized_last(
    instance: dg.DagsterInstance,
) -> None:
    materialize(instance, "one", *NAMES)
    materialize(instance, "two", *NAMES)

    first, second = materialize(instance, "one", "child"), materialize(instance, "two", "child")

    for run, cohort in ((first, "one"), (second, "two")):
        tags = provenance_of(instance, run)
        for name in NAMES:
            # As Dagster sums up the data versions of the partitions that an asset rests on.
            expected = sha256(f"{name} of {cohort}".encode()).hexdigest()
            assert tags[f"dagster/input_data_version/logged/{name}"] == expected


def test_a_child_of_one_run_with_its_parents_names_them_as_without_it(
    instance: dg.DagsterInstance, shipped: dg.DagsterInstance
) -> None:
    ours = provenance_of(instance, materialize(instance, "one"))

    theirs = provenance_of(shipped, materialize(shipped, "one"))

    pointers = [key for key in ours if key.startswith("dagster/input_event_pointer/")]
    assert len(pointers) == 3
    assert [ours.pop(key) < theirs.pop(key) for key in pointers] == [True] * 3
    assert ours == theirs


def test_what_a_step_has_yielded_is_there_as_soon_as_it_asks(instance: dg.DagsterInstance) -> None:
    seen: list[object] = []

    @dg.multi_asset(specs=[dg.AssetSpec("asks")])
    def asks(context: dg.AssetExecutionContext) -> Iterator[Materialized]:
        yield dg.MaterializeResult(asset_key="asks", metadata={"rows": 7})
        event = context.instance.get_latest_materialization_event(dg.AssetKey("asks"))
        assert event is not None
        assert event.asset_materialization is not None
        seen.append((event.run_id == context.run.run_id, event.asset_materialization.metadata))

    dg.materialize([asks], instance=instance)

    assert seen == [(True, {"rows": dg.IntMetadataValue(7)})]


def test_what_a_step_yielded_before_it_failed_stands_before_its_failure(
    instance: dg.DagsterInstance,
) -> None:
    @dg.multi_asset(specs=[dg.AssetSpec("falls")])
    def falls() -> Iterator[Materialized]:
        yield dg.MaterializeResult(asset_key="falls")
        raise ValueError("on purpose")

    run = dg.materialize([falls], instance=instance, raise_on_error=False)

    kinds = [kind for kind, *_ in all_of(run.run_id)["events"]]
    assert not run.success
    assert kinds.index("ASSET_MATERIALIZATION") + 1 == kinds.index("STEP_FAILURE")


def test_an_event_of_no_run_is_written_at_once(instance: dg.DagsterInstance) -> None:
    before = ask("SELECT max(id) FROM event_logs")

    instance.report_runless_asset_event(dg.AssetMaterialization("from outside"))

    after = ask("SELECT dagster_event_type FROM event_logs WHERE id > %s", *before[0])
    assert after == [("ASSET_MATERIALIZATION",)]


def test_what_a_run_plans_is_written_in_one_statement(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    plain = FrugalEventLogStorage.store_event_batch

    def store(storage: FrugalEventLogStorage, events: Any) -> None:
        written.append(len(events))
        plain(storage, events)

    monkeypatch.setattr(FrugalEventLogStorage, "store_event_batch", store)

    materialize(instance, "one")

    assert written == [6]  # four assets, two checks


def test_two_runs_that_store_the_same_assets_at_once_do_not_wait_for_each_other(
    instance: dg.DagsterInstance,
) -> None:
    names = [f"crossed {number}" for number in range(20)]
    together, failed = Barrier(2), list[str]()

    def store(order: list[str]) -> None:
        storage = FrugalEventLogStorage(os.environ["MIGRATION_DAGSTER_STORAGE_URL"])
        for _ in range(10):
            events = [_materialization(name) for name in order]
            together.wait()
            try:
                storage.store_event_batch(events)
            except Exception as error:
                failed.append(type(error).__name__)

    both = [Thread(target=store, args=(order,)) for order in (names, names[::-1])]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    assert failed == []


def _materialization(name: str) -> dg.EventLogEntry:
    event = dg.DagsterEvent(
        event_type_value="ASSET_MATERIALIZATION",
        job_name="crossed",
        event_specific_data=_data(name),
    )
    return dg.EventLogEntry(
        error_info=None, level="debug", user_message="", run_id="crossed", timestamp=0.0,
        dagster_event=event,
    )  # fmt: skip


def _data(name: str) -> Any:
    from dagster._core.events import StepMaterializationData

    return StepMaterializationData(dg.AssetMaterialization(name))
