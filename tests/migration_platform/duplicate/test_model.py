"""What the search takes for one person, measured where the right answer is known."""

from __future__ import annotations

import logging
from contextlib import closing

import duckdb
import polars as pl
import pytest

from assets.entities.patient import ENTITY
from migration_platform.duplicate.model import Pair, find_pairs
from migration_platform.duplicate.search import read_likeness
from migration_platform.entity import Entity, Likeness
from migration_platform.mapping import map_batch
from migration_platform.sample.generate import generate_chunks
from tests.migration_platform.duplicate.clinic import PATIENT, people

PATIENTS = 4_000
NUMBER = "SSN"


def pairs_of(entity: Entity, rows: pl.DataFrame) -> list[Pair]:
    """The pairs among an entity's source rows."""
    missing = [c for c in entity.columns if c not in rows.columns]
    frame = rows.with_columns(
        pl.col("Id").alias("_source_id"), pl.col("Id").alias("_patient"), pl.col("Id").alias("_id"),
        pl.lit(None, pl.String).alias("_repeat"), pl.lit(False).alias("_suspect"),
        *[pl.lit(None, pl.String).alias(c) for c in missing],
    )  # fmt: skip
    ends = map_batch(entity, frame, {}).ends
    records = read_likeness(entity, frame, ends)
    assert entity.likeness is not None
    with closing(duckdb.connect()) as duck:
        duck.execute("SET threads = 1").fetchall()
        table = records.to_arrow(compat_level=pl.CompatLevel.oldest())
        return find_pairs(table, entity.likeness, duck)[0]


@pytest.fixture(scope="module")
def sample() -> pl.DataFrame:
    """The sample's patients: every hundredth is registered twice, under the same number."""
    tables = [t["patients"] for t in generate_chunks(PATIENTS, 11) if "patients" in t]
    return pl.concat(tables)


def known(sample: pl.DataFrame) -> set[tuple[str, str]]:
    """The pairs that are one person, but for the accounts that staff made."""
    real = sample.filter(pl.col("LAST") != "Test")
    found = real.group_by(NUMBER).agg("Id").filter(pl.col("Id").list.len() == 2)["Id"]
    return {(min(ids), max(ids)) for ids in found}


def spoil(sample: pl.DataFrame, what: str) -> pl.DataFrame:
    """The sample with less to go by: without numbers, with every second registration moved, and at
    last with another birth date."""
    second = pl.col("Id").is_in([b for _, b in known(sample)])
    if what == "as it is":
        return sample
    bare = sample.with_columns(pl.lit(None, pl.String).alias(NUMBER))
    if what == "without numbers":
        return bare
    moved = pl.when(second).then(pl.lit("12 Elsewhere Road")).otherwise("ADDRESS")
    zips = pl.when(second).then(pl.lit("99999")).otherwise("ZIP")
    born = pl.lit("1912-01-01") if what == "nothing but the name" else pl.col("BIRTHDATE")
    return bare.with_columns(
        moved.alias("ADDRESS"),
        zips.alias("ZIP"),
        pl.when(second).then(born).otherwise("BIRTHDATE").alias("BIRTHDATE"),
    )


@pytest.mark.parametrize("what", ["as it is", "without numbers", "moved, without numbers"])
def test_the_planted_duplicates_are_found_and_nobody_else(sample: pl.DataFrame, what: str) -> None:
    pairs = {(p.record, p.other) for p in pairs_of(ENTITY, spoil(sample, what))}

    assert len(pairs) == 40
    assert pairs == known(sample)


def test_a_registration_that_shares_nothing_but_a_name_is_not_found(sample: pl.DataFrame) -> None:
    pairs = {(p.record, p.other) for p in pairs_of(ENTITY, spoil(sample, "nothing but the name"))}

    assert pairs & known(sample) == set()


def test_the_same_records_give_the_same_pairs(sample: pl.DataFrame) -> None:
    first = pairs_of(ENTITY, sample)
    again = pairs_of(ENTITY, sample.sample(fraction=1.0, shuffle=True, seed=5))

    assert first == again


def test_a_pair_says_what_speaks_for_it_and_against_it() -> None:
    columns = ["Id", "FIRST", "LAST", "BORN", "PHONE", "SSN", "STATE"]
    rows = pl.DataFrame(people(), schema=columns, orient="row")

    found = {(p.record, p.other): p for p in pairs_of(PATIENT, rows)}

    assert ("anna-1", "anna-2") in found
    assert ("ben-1", "ben-2") in found
    assert found["cora-1", "cora-2"].differs == ()
    # Twins look alike to any such model: that is why a person decides.
    assert found["tim", "zoe"].differs == ("first_name", "national_id")
    assert len(found) == 4


def test_few_records_and_strangers_give_no_pair() -> None:
    columns = ["Id", "FIRST", "LAST", "BORN", "PHONE", "SSN", "STATE"]
    rows = pl.DataFrame(people(), schema=columns, orient="row")

    for number in (0, 1, 2, 5, 35):
        assert pairs_of(PATIENT, rows.head(number)) == []


def test_no_value_is_logged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    columns = ["Id", "FIRST", "LAST", "BORN", "PHONE", "SSN", "STATE"]
    with caplog.at_level(logging.DEBUG):
        pairs_of(PATIENT, pl.DataFrame(people(), schema=columns, orient="row"))

    printed = caplog.text + "".join(capfd.readouterr())
    assert [v for p in people() for v in (p[2], p[4]) if v in printed] == []


def test_a_likeness_names_its_own_fields_only() -> None:
    with pytest.raises(ValueError, match="blocks name fields"):
        Likeness(spelled=("a",), dates=(), exact=(), blocks=(("b",),))
    with pytest.raises(ValueError, match="at least one block"):
        Likeness(spelled=("a",), dates=(), exact=(), blocks=())
