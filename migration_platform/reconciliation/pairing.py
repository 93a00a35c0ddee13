"""Pairing: the rows of two slices laid beside each other by id, and those that are left over.

Both slices are in order of id. Hashes of the ids only propose which rows belong together; a pair is
one because the ids themselves are equal. Whether paired rows say the same is decided in `comparison`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

ROWS_OF_A_RUN = 64
"""Rows that stay together are kept as a piece of the slice, without a copy, if the pieces are no
shorter than this on average."""

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Pairing:
    """The rows of two slices with the same ids row by row, each of them once, and where they stood in
    the slice. All others are left over: ids that only one side has, and all rows of an id that
    stands twice on either side."""

    sent: pa.Table
    found: pa.Table
    sent_places: Places
    found_places: Places


def pair_rows(sent: pa.Table, found: pa.Table) -> Pairing:
    """Pair the rows of two slices that cover the same range of ids."""
    ours, theirs = sent["id"].combine_chunks(), found["id"].combine_chunks()
    our_singles, their_singles = _singles(ours), _singles(theirs)
    if ours.equals(theirs) and our_singles.all():
        every = np.arange(len(ours))
        return Pairing(sent, found, every, every)
    for read in (_hashes, _texts):
        a, b = read(ours), read(theirs)
        kept = our_singles & _among(a, b, their_singles), their_singles & _among(b, a, our_singles)
        paired = _keep(sent, kept[0]), _keep(found, kept[1])
        if paired[0]["id"].equals(paired[1]["id"]):
            return Pairing(*paired, *map(np.flatnonzero, kept))
        # Two ids have one hash: the texts themselves must tell.
    raise ValueError("the ids of the two sides cannot be told apart: they are no texts of one type")


def take(table: pa.Table, places: Places) -> pa.Table:
    """The rows at these places, in rising order; in pieces, since Arrow would copy a table of several
    pieces whole to take a few rows from it."""
    # An empty slice of the table would keep all of it in memory.
    pieces, start = [table.schema.empty_table()], 0
    for batch in table.to_batches():
        low, high = np.searchsorted(places, (start, start + len(batch)))
        if low < high:
            pieces.append(pa.Table.from_batches([batch.take(pa.array(places[low:high] - start))]))
        start += len(batch)
    return pa.concat_tables(pieces)


def _singles(ids: pa.Array) -> Mask:
    """Which of the ordered ids stand there once."""
    single = np.ones(len(ids), np.bool_)
    if len(ids) > 1:
        apart = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
        single[1:] &= apart
        single[:-1] &= apart
    return single


def _texts(ids: pa.Array) -> pl.Series:
    return pl.Series(pl.from_arrow(ids))


def _hashes(ids: pa.Array) -> pl.Series:
    return _texts(ids).hash()


def _among(values: pl.Series, others: pl.Series, chosen: Mask) -> Mask:
    """Which of the values are among the chosen ones of the others."""
    return values.is_in(others.filter(pl.Series(chosen)).implode()).to_numpy()


def _keep(table: pa.Table, rows: Mask) -> pa.Table:
    """These rows of a table."""
    edges = np.flatnonzero(np.diff(rows, prepend=False, append=False))
    starts, ends = edges[::2].tolist(), edges[1::2].tolist()
    if not starts or len(starts) * ROWS_OF_A_RUN > len(rows):
        return table.filter(pa.array(rows))
    return pa.concat_tables(
        table.slice(start, end - start) for start, end in zip(starts, ends, strict=True)
    )
