"""Ordered stream: tables of records in order of id, and two such streams cut at the same ids.

What is held in memory is a slice of each stream, not the stream. Whether two records are the same
is decided in `comparison`.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

AHEAD = 2
"""Tables that a thread reads while the ones before them are compared."""


class OrderedStream:
    """Tables with a text column `id`, none of them empty of columns, in order of it.

    With `ahead` a thread reads them before they are asked for; leave the `with` block to end it.
    `rows` counts what was given out; `distinct` is whether no id stood twice in what was read so far.
    """

    def __init__(self, name: str, tables: Iterable[pa.Table], *, ahead: bool = False) -> None:
        self.name, self.rows, self.ended, self.distinct = name, 0, False, True
        self._reader = _ReadAhead(tables) if ahead else None
        self._tables: Iterator[pa.Table] = iter(self._reader or tables)
        self._waiting: list[pa.Table] = []
        self._empty: pa.Table | None = None
        self.last: str | None = None

    def __enter__(self) -> OrderedStream:
        return self

    def __exit__(self, *_: object) -> None:
        if self._reader:
            self._reader.stop()

    @property
    def waiting(self) -> int:
        """Rows read and not given out yet."""
        return sum(t.num_rows for t in self._waiting)

    def fill(self, rows: int) -> None:
        """Read until so many rows wait, or the stream ends. Raises ValueError if it is out of order."""
        while not self.ended and self.waiting < rows:
            table = next(self._tables, None)
            if table is None:
                self.ended = True
                if self._empty is None:
                    raise ValueError(f"the {self.name} side gave not even an empty table")
                return
            if self._empty is None:
                self._empty = table.slice(0, 0)
            if table.num_rows:
                self._require_order(table.column("id"))
                self.last = table.column("id")[-1].as_py()
                self._waiting.append(table)

    def give(self, before: str | None) -> pa.Table:
        """The waiting rows with an id before this one (all, if None)."""
        assert self._empty is not None
        table = pa.concat_tables(self._waiting) if self._waiting else self._empty
        cut = table.num_rows if before is None else _find(table.column("id"), before)
        self._waiting = [table.slice(cut)] if cut < table.num_rows else []
        self.rows += cut
        return table.slice(0, cut)

    def _require_order(self, ids: pa.ChunkedArray) -> None:
        flat = ids.combine_chunks()
        if flat.null_count:
            raise ValueError(f"a record of the {self.name} side has no id")
        first = flat[0].as_py()
        if first == self.last or not _rises(flat, pc.less):
            self.distinct = False
        if (self.last is not None and first < self.last) or not (
            self.distinct or _rises(flat, pc.less_equal)
        ):
            raise ValueError(f"the {self.name} records do not come in order of id")


def next_slices(
    left: OrderedStream, right: OrderedStream, rows: int
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Pairs of slices of about so many rows that cover the same range of ids, one pair at least.
    Rows of one id are never torn apart."""
    while True:
        left.fill(rows)
        right.fill(rows)
        ends = [s.last for s in (left, right) if not s.ended and s.last is not None]
        before = min(ends, default=None)
        a, b = left.give(before), right.give(before)
        if a.num_rows or b.num_rows or before is None:
            yield a, b
        if before is None:
            return
        for side in (left, right):
            # More may follow with the id at which it stands now.
            side.fill(side.waiting + 1 if side.last == before else 0)


def _rises(ids: pa.Array, compare: Callable[[pa.Array, pa.Array], pa.BooleanArray]) -> bool:
    return len(ids) < 2 or bool(pc.all(compare(ids[:-1], ids[1:])).as_py())


def _find(ids: pa.ChunkedArray, before: str) -> int:
    """How many of the ordered ids come before this one."""
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high) // 2
        if ids[middle].as_py() < before:
            low = middle + 1
        else:
            high = middle
    return low


class _ReadAhead:
    """Reads an iterable in a thread, a few tables ahead."""

    def __init__(self, tables: Iterable[pa.Table]) -> None:
        self._tables = tables
        self._queue: queue.Queue[pa.Table | BaseException | None] = queue.Queue(AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name="read-ahead", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[pa.Table]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def stop(self) -> None:
        """End the thread, whatever is left to read."""
        self._stopped.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue

    def _read(self) -> None:
        try:
            for table in self._tables:
                self._queue.put(table)
                if self._stopped.is_set():
                    return
        except BaseException as error:  # raised again where the tables are taken
            self._queue.put(error)
        else:
            self._queue.put(None)
