"""Rows are paired that have one id, each standing once on either side, and no others."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.reconciliation.pairing import pair_rows, take


def table(ids: list[str], pieces: int = 1) -> pa.Table:
    """Ids and their places, in so many pieces."""
    whole = pa.table({"id": pa.array(ids, pa.string()), "place": range(len(ids))})
    size = max(1, -(-len(ids) // pieces))
    return pa.concat_tables([whole.slice(n * size, size) for n in range(pieces)])


def paired_ids(sent: list[str], found: list[str], pieces: int = 1) -> list[str]:
    """The ids of the pairs, after a look at their places."""
    pairs = pair_rows(table(sent, pieces), table(found))
    assert pairs.sent["id"].to_pylist() == pairs.found["id"].to_pylist()
    assert pairs.sent["place"].to_pylist() == pairs.sent_places.tolist()
    assert pairs.found["place"].to_pylist() == pairs.found_places.tolist()
    ids: list[str] = pairs.sent["id"].to_pylist()
    return ids


@settings(max_examples=200, deadline=None)
@given(
    sent=st.lists(st.sampled_from("abcdefgh")).map(sorted),
    found=st.lists(st.sampled_from("abcdefgh")).map(sorted),
)
def test_an_id_that_stands_once_on_both_sides_is_a_pair(sent: list[str], found: list[str]) -> None:
    had, has = Counter(sent), Counter(found)

    pairs = paired_ids(sent, found)

    assert pairs == [i for i in sorted(had) if had[i] == has[i] == 1]


@pytest.mark.parametrize("pieces", [1, 3])
def test_long_runs_with_gaps_between_them_are_paired(pieces: int) -> None:
    ids = [f"{n:05}" for n in range(5_000)]
    sent = [i for i in ids if i not in ("00000", "01000", "04999")]
    found = sorted([*[i for i in ids if i not in ("00001", "02000")], "03000"])

    pairs = paired_ids(sent, found, pieces)

    assert sorted({*ids} - {*pairs}) == [
        "00000", "00001", "01000", "02000", "03000", "04999",
    ]  # fmt: skip
    assert pairs == sorted(pairs)


def test_ids_of_any_length_are_paired() -> None:
    sent = ["", "a", "aé", "b", "ba"]
    found = ["", "aé", "aé", "b", "bb"]

    assert paired_ids(sent, found) == ["", "b"]


def test_ids_of_two_types_of_text_are_refused() -> None:
    large = table(["a", "c"]).cast(pa.schema([("id", pa.large_string()), ("place", pa.int64())]))

    with pytest.raises(ValueError, match="no texts of one type"):
        pair_rows(table(["a", "b"]), large)


def test_rows_are_taken_from_every_piece() -> None:
    rows = table(list("abcdefg"), pieces=3)

    assert take(rows, np.array([0, 2, 3, 6]))["id"].to_pylist() == ["a", "c", "d", "g"]
    assert take(rows, np.array([], np.intp))["id"].to_pylist() == []


def test_rows_taken_do_not_keep_the_others_in_memory() -> None:
    before = pa.total_allocated_bytes()
    rows = pa.table({"id": pa.array(["x" * 1000] * 10_000)})

    taken = take(rows, np.array([5]))
    del rows

    assert taken.num_rows == 1
    assert pa.total_allocated_bytes() - before < 100_000
