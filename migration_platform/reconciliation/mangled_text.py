"""Mangled text: whether a sent text is what a source's text says whose letters were mangled.

Text in UTF-8 that was read as Windows-1252 or Latin-1 shows "Ã©" for "é"; what was sent has the
letter again. Proved by the inverse: the sent text is spelled in every way in which it could have
been mangled, up to three times over, and the source's text must be one of these.
"""

from __future__ import annotations

import re
from functools import cache

WHITE_SPACE = "".join(
    map(chr, (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F))
) + "\u205f\u3000"  # fmt: skip
"""What Unicode calls white space: it counts as nothing around a text."""

TIMES = 3
"""So often can a text have been mangled and still be proved."""


@cache
def _letters(byte: int) -> str:
    """The letters as which a byte from 0x80 on can have been read."""
    windows = bytes([byte]).decode("cp1252", errors="ignore")
    return "".join(dict.fromkeys(chr(byte) + windows))


_BYTE = {letter: byte for byte in range(0x80, 0x100) for letter in _letters(byte)}
_TAIL = "[" + "".join(letter for b in range(0x80, 0xC0) for letter in _letters(b)) + "]"

SUSPICIOUS = f"[\u00c2-\u00df]{_TAIL}|[\u00e0-\u00ef]{_TAIL}{{2}}|[\u00f0-\u00f4]{_TAIL}{{3}}"
"""Regular expression (the same for Python and DuckDB) for text that may hold a mangled letter."""


_PARTS = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]")


def says_the_same(source: str, sent: str | None) -> bool:
    """Whether `sent` is the source's text as it was before it was mangled, without space around."""
    if sent is not None and _is_mangled(sent):
        return False
    places = _skip_space(source, {0})
    for part in _PARTS.findall(sent or ""):
        if part.isascii():
            places = {p + len(part) for p in places if source.startswith(part, p)}
        else:
            places = {end for p in places for end in _read(source, p, part, TIMES)}
    return len(source) in _skip_space(source, places)


def _read(source: str, place: int, letter: str, times: int) -> set[int]:
    """Where the letter ends that begins at that place, as it is or mangled up to so many times."""
    ends = {place + 1} if source.startswith(letter, place) else set()
    if letter >= "\x80" and times:
        places = {place}
        for byte in letter.encode():
            places = {
                end
                for p in places
                for each in _letters(byte)
                for end in _read(source, p, each, times - 1)
            }
        ends |= places
    return ends


def _skip_space(source: str, places: set[int]) -> set[int]:
    """These places, and those behind the white space that begins there."""
    reached, new = set(places), places
    while new:
        new = {e for p in new for c in WHITE_SPACE for e in _read(source, p, c, TIMES)} - reached
        reached |= new
    return reached


def _is_mangled(text: str) -> bool:
    """Whether letters stand in it that spell the bytes of another letter."""
    for found in re.finditer(SUSPICIOUS, text):
        try:
            bytes(_BYTE[letter] for letter in found.group()).decode()
        except UnicodeDecodeError:
            continue
        return True
    return False
