"""Random draws that depend on the seed, a name and a row's key: nothing else.

A draw is a pure function, so a patient's data is the same whatever the size of the sample or of
the chunk that it was made in, and a new kind of draw disturbs no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Keys = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_BASE64 = np.frombuffer(
    b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", dtype=np.uint8
)
_UUID_PLACES = (0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34)


@dataclass(frozen=True, slots=True)
class Draws:
    """The draws of one seed. `name` says what is drawn, `key` for which row."""

    seed: int

    def _stream(self, name: str) -> np.uint64:
        digest = hashlib.sha256(f"{self.seed}:{name}".encode()).digest()
        return np.uint64(int.from_bytes(digest[:8], "little"))

    def bits(self, name: str, key: Keys) -> Keys:
        """64 random bits per key (SplitMix64 at the position that the key names)."""
        with np.errstate(over="ignore"):
            mixed = key * _STEP + self._stream(name)
            mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX[0]
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX[1]
        return np.asarray(mixed ^ (mixed >> np.uint64(31)))

    def unit(self, name: str, key: Keys) -> Floats:
        """Even between 0 and 1, 1 excluded."""
        return (self.bits(name, key) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, name: str, key: Keys, limit: int | Ints) -> Ints:
        """A whole number from 0 up to `limit`, itself excluded."""
        return np.floor(self.unit(name, key) * limit).astype(np.int64)

    def weighted(self, name: str, key: Keys, weights: Sequence[float]) -> Ints:
        """A position in `weights`, as often as its weight says."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.searchsorted(edges[:-1] / edges[-1], self.unit(name, key), side="right")

    def happens(self, name: str, key: Keys, rate: float) -> Bools:
        """True for a share of the keys, each by chance."""
        return np.asarray(self.unit(name, key) < rate)

    def spread(self, name: str, index: Keys, rate: float) -> Bools:
        """True for a share of consecutive indices, evenly spaced: no small sample goes without."""
        phase = float(self.unit(name, np.zeros(1, dtype=np.uint64))[0])
        place = index.astype(np.float64)
        hit = np.floor((place + 1) * rate + phase) > np.floor(place * rate + phase)
        return np.asarray(hit)

    def uuids(self, name: str, key: Keys) -> pl.Series:
        """A random (version 4) UUID per key, in the 8-4-4-4-12 form."""
        raw = np.empty((len(key), 2), dtype="<u8")
        raw[:, 0] = self.bits(f"{name}/1", key)
        raw[:, 1] = self.bits(f"{name}/2", key)
        octets = raw.view(np.uint8).reshape(len(key), 16)
        octets[:, 6] = (octets[:, 6] & 0x0F) | 0x40
        octets[:, 8] = (octets[:, 8] & 0x3F) | 0x80
        text = np.full((len(key), 36), ord("-"), dtype=np.uint8)
        for octet, place in enumerate(_UUID_PLACES):
            text[:, place] = _HEX[octets[:, octet] >> 4]
            text[:, place + 1] = _HEX[octets[:, octet] & 15]
        return to_text(text)

    def letters(self, name: str, key: Keys, length: int) -> pl.Series:
        """A random string of that length over the 64 letters of a bcrypt hash."""
        text = np.empty((len(key), length), dtype=np.uint8)
        for place in range(length):
            if place % 10 == 0:
                bits = self.bits(f"{name}/{place}", key)
            text[:, place] = _BASE64[(bits >> np.uint64(6 * (place % 10))) & np.uint64(63)]
        return to_text(text)


def to_text(letters: npt.NDArray[np.uint8]) -> pl.Series:
    """A matrix of ASCII letters, one row per value, as strings."""
    count, width = letters.shape
    if count == 0:
        return pl.Series([], dtype=pl.String)
    joined = np.ascontiguousarray(letters).view(f"S{width}").reshape(count)
    return pl.Series(joined).cast(pl.String)


def pick(values: Sequence[str | None], index: Ints) -> pl.Series:
    """The value at each position, as strings."""
    return pl.Series(values, dtype=pl.String).gather(index)


def expand(counts: Ints) -> tuple[Ints, Ints]:
    """For `counts` children per parent: each child's parent position, and its number from 0 up."""
    parent = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    first = np.cumsum(counts) - counts
    return parent, np.arange(len(parent), dtype=np.int64) - first[parent]


def child_keys(parent: Keys, number: Ints | Keys, most: int = 256) -> Keys:
    """Keys of child rows: a parent has at most `most`, so that no two rows share a key."""
    return parent * np.uint64(most) + number.astype(np.uint64)
