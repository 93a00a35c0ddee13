"""Mapping: every record has one end, and the order of precedence is as `mapping` says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.entity import (
    Entity,
    Field,
    Reference,
    Retention,
    Rule,
    Source,
    Translation,
)
from migration_platform.mapping import ends_schema, map_batch


def text(column: str) -> Translation:
    return Translation(f"{column} as it is", (column,), pl.col(column))


def whole_number(column: str) -> Translation:
    value = pl.col(column).cast(pl.Int64, strict=False)
    problem = pl.when(pl.col(column).is_not_null() & value.is_null()).then(pl.lit("not a number"))
    return Translation(f"{column} as a number", (column,), value, problem)


def day(column: str) -> Translation:
    return Translation(f"{column} as a date", (column,), pl.col(column).str.to_date(strict=False))


VISIT = Entity(
    name="visit",
    description="A visit.",
    source=Source("visits", ("Id",), "PATIENT"),
    fields=(
        Field("patient_id", "uuid", Reference("patient", "PATIENT"), required=True),
        Field("room_id", "uuid", Reference("room", "ROOM")),
        Field("minutes", "integer", whole_number("MINUTES")),
        Field("reason", "text", text("REASON"), required=True),
    ),
    file=Path(__file__),
    rules=(
        Rule("test-visit", "excluded", pl.col("REASON") == "test", "visits of the vendor's tests"),
        Rule("after-death", "excepted", pl.col("DAY").str.to_date() > pl.col("PATIENT.death_date"),
             "dated after the patient's death", kind="after death"),
    ),
    retention=Retention(day("DAY"), keep=pl.col("REASON") == "open"),
)  # fmt: skip

WINDOW = datetime(2024, 1, 1, tzinfo=UTC)


def patients(**ends: str) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"source_id": p, "id": f"id-{p}", "patient": p, "end": e, "rule": None, "kind": None,
             "field": None, "death_date": date(2025, 6, 1) if p == "dead" else None}
            for p, e in ends.items()
        ],
        schema_overrides={"death_date": pl.Date},
    )  # fmt: skip


ROOMS = pl.DataFrame(
    [
        {"source_id": "r1", "id": "id-r1", "patient": "p1", "end": "mapped"},
        {"source_id": "r2", "id": "id-r2", "patient": "p1", "end": "archived"},
        {"source_id": "r3", "id": "id-r3", "patient": "p1", "end": "excepted"},
        {"source_id": "r9", "id": "id-r9", "patient": "p9", "end": "mapped"},
    ]
).with_columns(pl.lit(None, pl.String).alias(c) for c in ("rule", "kind", "field"))


def visit(**values: object) -> dict[str, object]:
    return {
        "Id": "v1", "PATIENT": "p1", "ROOM": None, "MINUTES": "30", "REASON": "cough",
        "DAY": "2025-02-03", "_id": "id-v1", "_source_id": "v1", "_patient": "p1",
        "_repeat": None, "_suspect": False, **values,
    }  # fmt: skip


TEXTS = {"_repeat": pl.String, "ROOM": pl.String}


def map_visits(*visits: dict[str, object], people: pl.DataFrame | None = None) -> pl.DataFrame:
    people = patients(p1="mapped", dead="mapped") if people is None else people
    schema = {k: pl.Boolean if k == "_suspect" else pl.String for k in visits[0]}
    batch = pl.DataFrame(list(visits), schema=schema)
    return map_batch(VISIT, batch, {"patient": people, "room": ROOMS}, window_start=WINDOW).ends


def end_of(record: dict[str, object], **people: str) -> tuple[object, object, object]:
    ends = map_visits(record, people=patients(**people) if people else None)
    return ends.select("end", "rule", "field").row(0)


def test_a_good_record_is_mapped_with_its_references_resolved() -> None:
    people = patients(p1="mapped")
    batch = pl.DataFrame([visit(ROOM="r1")], schema_overrides=TEXTS)

    mapped = map_batch(VISIT, batch, {"patient": people, "room": ROOMS})

    assert mapped.records.rows() == [("id-v1", "v1", "id-p1", "id-r1", 30, "cough")]


def test_each_way_not_to_be_mapped_is_named() -> None:
    assert end_of(visit(REASON="test")) == ("excluded", "test-visit", None)
    assert end_of(visit(DAY="2023-12-31")) == ("archived", "retention", None)
    assert end_of(visit(_repeat="identical")) == ("excluded", "repeated-row", None)
    assert end_of(visit(_repeat="conflict")) == ("excepted", "repeated-key", None)
    assert end_of(visit(_suspect=True)) == ("excepted", "suspected-duplicate", None)
    assert end_of(visit(PATIENT="dead", _patient="dead", DAY="2025-06-02"))[:2] == (
        "excepted", "after-death",
    )  # fmt: skip
    assert end_of(visit(ROOM="nowhere")) == ("excepted", "no such room", "room_id")
    assert end_of(visit(ROOM="r9")) == ("excepted", "room of another patient", "room_id")
    assert end_of(visit(ROOM="r3")) == ("excepted", "waits for room", "room_id")
    assert end_of(visit(MINUTES="half an hour")) == ("excepted", "not a number", "minutes")
    assert end_of(visit(REASON=None)) == ("excepted", "required but empty", "reason")


def test_a_record_shares_the_fate_of_the_patient_it_needs() -> None:
    assert end_of(visit(), p1="archived")[:2] == ("archived", "patient-archived")
    assert end_of(visit(), p1="excluded")[:2] == ("excluded", "patient-excluded")
    assert end_of(visit(), p1="excepted")[:2] == ("excepted", "waits for patient")


def test_an_optional_reference_to_an_archived_record_stays_empty() -> None:
    batch = pl.DataFrame([visit(ROOM="r2")], schema_overrides=TEXTS)

    mapped = map_batch(VISIT, batch, {"patient": patients(p1="mapped"), "room": ROOMS})

    assert mapped.records["room_id"].to_list() == [None]


def test_what_is_out_of_scope_needs_no_exception() -> None:
    old_and_broken = visit(DAY="2020-01-01", ROOM="nowhere", MINUTES="?")

    assert end_of(old_and_broken)[0] == "archived"


def test_a_record_still_in_use_is_kept_whatever_its_age() -> None:
    assert end_of(visit(DAY="2020-01-01", REASON="open"))[0] == "mapped"


def test_a_rule_over_a_column_that_the_source_lacks_does_not_apply() -> None:
    batch = pl.DataFrame([visit(REASON="test")], schema_overrides=TEXTS)

    ends = map_batch(
        VISIT, batch, {"patient": patients(p1="mapped")}, absent=frozenset({"REASON"})
    ).ends

    assert ends["end"].to_list() == ["mapped"]


maybe = st.none() | st.sampled_from(["p1", "p2", "p3", "p4", "r1", "r2", "r3", "r9", "", "x", "7"])
records = st.builds(
    visit,
    PATIENT=maybe, ROOM=maybe, MINUTES=maybe, REASON=st.none() | st.sampled_from(["test", "open", ""]),
    DAY=st.none() | st.sampled_from(["2020-01-01", "2025-01-01"]),
    _repeat=st.none() | st.sampled_from(["identical", "conflict"]), _suspect=st.booleans(),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(records, min_size=1, max_size=30))
def test_every_record_has_exactly_one_end_and_only_mapped_ones_are_sent(
    visits: list[dict[str, object]],
) -> None:
    numbered = [{**v, "_source_id": f"v{i}", "_id": f"id-v{i}"} for i, v in enumerate(visits)]
    schema = {k: pl.Boolean if k == "_suspect" else pl.String for k in numbered[0]}
    people = patients(p1="mapped", p2="archived", p3="excluded", p4="excepted")

    result = map_batch(
        VISIT, pl.DataFrame(numbered, schema=schema), {"patient": people, "room": ROOMS},
        window_start=WINDOW,
    )  # fmt: skip

    assert result.ends["source_id"].to_list() == [v["_source_id"] for v in numbered]
    assert set(result.ends["end"]) <= {"mapped", "archived", "excluded", "excepted"}
    sent = result.ends.filter(pl.col("end") == "mapped")["id"].to_list()
    assert result.records["id"].to_list() == sent
    unexplained = result.ends.filter((pl.col("end") != "mapped") & pl.col("rule").is_null())
    assert unexplained.is_empty()
    assert result.records.filter(pl.col("patient_id").is_null()).is_empty()
    assert set(ends_schema(VISIT)) <= set(result.ends.columns)
