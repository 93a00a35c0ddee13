"""Streams in order of id: what they give, what they know of it, and what they refuse."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.reconciliation.ordered_stream import OrderedStream

IDS = st.lists(st.sampled_from("abcdefgh"), max_size=12)
CUTS = st.lists(st.integers(0, 12), max_size=4)


def cut(ids: list[str], cuts: list[int]) -> list[pa.Table]:
    """Tables of these ids, torn at these places."""
    edges = [0, *sorted(min(each, len(ids)) for each in cuts), len(ids)]
    return [pa.table({"id": pa.array(ids[low:high], pa.string())}) for low, high in pairwise(edges)]


@settings(deadline=None)
@given(IDS, CUTS)
def test_it_gives_everything_in_order_and_knows_whether_an_id_stood_twice(
    ids: list[str], cuts: list[int]
) -> None:
    ids = sorted(ids)
    stream = OrderedStream("sent", cut(ids, cuts))

    stream.fill(len(ids) + 1)

    assert stream.distinct is (len(set(ids)) == len(ids))
    assert stream.give(None)["id"].to_pylist() == ids


@settings(deadline=None)
@given(IDS, CUTS)
def test_it_refuses_what_is_out_of_order(ids: list[str], cuts: list[int]) -> None:
    if ids == sorted(ids):
        return
    stream = OrderedStream("found", cut(ids, cuts))

    with pytest.raises(ValueError, match="do not come in order of id"):
        stream.fill(len(ids) + 1)
