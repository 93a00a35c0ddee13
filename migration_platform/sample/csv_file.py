"""A CSV file of an export, read as a stream and checked record by record.

What passes is exactly what Postgres' COPY reads the same way. A torn file is a SourceError that
names file and line (where the record begins), never a value.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from migration_platform.errors import SourceError

BLOCK = 4 * 1024 * 1024
LONGEST_RECORD = 16 * 1024 * 1024
"""Bytes. A longer record is a quote that was never closed."""

_COMMA, _QUOTE, _LINE, _RETURN = b',"\n\r'
_BOM = b"\xef\xbb\xbf"
_Octets = npt.NDArray[np.uint8]
_Places = npt.NDArray[np.intp]


class CsvFile:
    """An open CSV file: its header first, then its records in blocks of whole lines."""

    def __init__(self, path: Path, read: Callable[[bytes], None] | None = None) -> None:
        """Open and read the header. `read` is given every byte, in order, once."""
        self.name = path.name
        self._read_hook = read
        self._line = 1
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise SourceError(
                f"{path.name}: cannot be read ({error.strerror}). Look at the file's rights."
            ) from None
        try:
            self._rest = self._read().removeprefix(_BOM)
            self.header = self._parse_header()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def records(self) -> Iterator[bytes]:
        """The records as CSV with plain line ends, checked. Raises SourceError on the first fault."""
        while True:
            more = self._read()
            block = self._rest + more
            checked, self._rest = self._check(block) if block else (b"", b"")
            if checked:
                yield checked
            if not more:
                if self._rest:
                    raise self._cut_off(self._rest, len(self.header))
                return
            if len(self._rest) > LONGEST_RECORD:
                raise self._torn(0, "a quote is opened and never closed")

    def _read(self) -> bytes:
        data = self._file.read(BLOCK)
        if self._read_hook:
            self._read_hook(data)
        return data

    def _parse_header(self) -> tuple[str, ...]:
        end = self._rest.find(b"\n")
        if end < 0:
            if not self._rest.strip():
                raise self._torn(0, "the file is empty, a header was expected")
            raise self._torn(0, "the header has no line end: truncated?")
        line, self._rest = self._rest[:end].removesuffix(b"\r"), self._rest[end + 1 :]
        try:
            text = line.decode("utf-8")
            names = next(csv.reader([text], strict=True), [])
        except UnicodeDecodeError:
            raise self._torn(0, "the header is not UTF-8") from None
        except csv.Error:
            raise self._torn(0, "the header's quotes do not match") from None
        names = [name.strip() for name in names]
        if "\0" in text:
            raise self._torn(0, "holds a NUL character: not a text file")
        if not all(names):
            raise self._torn(0, "the header has a column without a name")
        if any(len(name.encode()) > 63 for name in names):
            raise self._torn(0, "the header has a name of more than 63 bytes")
        self._line = 2
        return tuple(names)

    def _check(self, block: bytes) -> tuple[bytes, bytes]:
        """Split into the checked whole records and the rest; counts the lines on the way."""
        octets = np.frombuffer(block, dtype=np.uint8)
        quotes = octets == _QUOTE
        inside = np.cumsum(quotes, dtype=np.int32) % 2 == 1
        ends = np.flatnonzero((octets == _LINE) & ~inside)
        if len(ends) == 0:
            return b"", block
        size = int(ends[-1]) + 1
        whole, lines = octets[:size], np.flatnonzero(octets[:size] == _LINE)
        faults = [
            *_find_wrong_counts(whole, inside[:size], ends, len(self.header)),
            *_find_stray_quotes(whole, np.flatnonzero(quotes[:size]), inside),
            *_find_stray_returns(whole, inside[:size]),
            *_find_bad_letters(block[:size]),
        ]
        if faults:
            place, words = min((int(np.searchsorted(ends, at)), text) for at, text in faults)
            start = int(ends[place - 1]) + 1 if place else 0
            raise self._torn(int(np.searchsorted(lines, start)), words)
        self._line += len(lines)
        plain = whole[~((whole == _RETURN) & ~inside[:size])] if b"\r" in block else whole
        return plain.tobytes(), block[size:]

    def _cut_off(self, rest: bytes, expected: int) -> SourceError:
        octets = np.frombuffer(rest, dtype=np.uint8)
        inside = np.cumsum(octets == _QUOTE, dtype=np.int32) % 2 == 1
        if inside[-1]:
            return self._torn(0, "a quote is opened and never closed")
        if 0 in rest:
            return self._torn(0, "holds a NUL character: torn or not a text file")
        count = int(np.count_nonzero((octets == _COMMA) & ~inside)) + 1
        if count != expected:
            return self._torn(0, _describe_count(count, expected))
        return self._torn(0, "the file ends without a line end: truncated?")

    def _torn(self, lines: int, words: str) -> SourceError:
        return SourceError(
            f"{self.name}, line {self._line + lines}: {words}. Export the file again, whole."
        )


def _describe_count(count: int, expected: int) -> str:
    return f"has {count} field{'' if count == 1 else 's'}, the header names {expected}"


def _find_wrong_counts(
    octets: _Octets, inside: npt.NDArray[np.bool_], ends: _Places, expected: int
) -> Iterator[tuple[int, str]]:
    """The first record with too few or too many fields."""
    commas = np.flatnonzero((octets == _COMMA) & ~inside)
    counts = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
    wrong = np.flatnonzero(counts != expected)
    if len(wrong):
        yield int(ends[wrong[0]]), _describe_count(int(counts[wrong[0]]), expected)


def _find_stray_quotes(
    octets: _Octets, quotes: _Places, inside: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, str]]:
    """The first quote that opens in the middle of a field, or closes before its end."""
    opening = quotes[inside[quotes]]
    before = octets[np.maximum(opening - 1, 0)]
    stray = opening[(opening > 0) & ~np.isin(before, (_COMMA, _LINE, _QUOTE))]
    closing = quotes[~inside[quotes]]
    after = octets[np.minimum(closing + 1, len(octets) - 1)]
    early = closing[~np.isin(after, (_COMMA, _LINE, _RETURN, _QUOTE))]
    for places in (stray, early):
        if len(places):
            yield int(places[0]), "a quote stands inside a field, or one is never closed"


def _find_stray_returns(
    octets: _Octets, inside: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, str]]:
    """The first carriage return that is not part of a line end."""
    returns = np.flatnonzero((octets == _RETURN) & ~inside)
    stray = returns[octets[np.minimum(returns + 1, len(octets) - 1)] != _LINE]
    if len(stray):
        yield int(stray[0]), "a carriage return stands inside a record"


def _find_bad_letters(block: bytes) -> Iterator[tuple[int, str]]:
    """The first NUL, and the first byte that is not UTF-8."""
    if (at := block.find(0)) >= 0:
        yield at, "holds a NUL character: torn or not a text file"
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        yield error.start, "is not UTF-8"
