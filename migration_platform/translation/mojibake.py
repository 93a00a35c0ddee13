"""Mojibake: UTF-8 text that was once read as Windows-1252, and how it is read back.

Only runs that look like a UTF-8 sequence spelled in Windows-1252 letters ("Ã©" for "é") are
touched, and only if they decode: text that is merely unusual stays as it is.
"""

from __future__ import annotations

import re

import polars as pl

_UNDEFINED = {0x81, 0x8D, 0x8F, 0x90, 0x9D}
"""Bytes without a letter in Windows-1252; software that mangles text keeps them as they are."""

_BYTE = {chr(n): n for n in range(0x80, 0x100)} | {
    bytes([n]).decode("cp1252"): n for n in range(0x80, 0xA0) if n not in _UNDEFINED
}
"""The byte behind each letter, for both Windows-1252 and Latin-1 readings."""

_TAIL = "[" + "".join(re.escape(c) for c, n in sorted(_BYTE.items()) if n < 0xC0) + "]"
MARKER = f"(?:[\u00c2-\u00df]{_TAIL}|[\u00e0-\u00ef]{_TAIL}{{2}}|[\u00f0-\u00f4]{_TAIL}{{3}})"
"""A lead byte and the right number of continuation bytes, each as the letter it was read as."""

_SEQUENCE = re.compile(MARKER)
_PASSES = 3
"""Text can have been mangled more than once; each pass undoes one time."""


def repair_text(value: str) -> str:
    """The text as it was before it was read in the wrong encoding."""
    for _ in range(_PASSES):
        repaired = _SEQUENCE.sub(_decode, value)
        if repaired == value:
            break
        value = repaired
    return value


def repair_series(values: pl.Series) -> pl.Series:
    """Repair the values that carry the marker; the others are not looked at one by one."""
    marked = values.str.contains(MARKER).fill_null(False)
    if not marked.any():
        return values
    broken = values.filter(marked).unique().to_list()
    return values.replace(broken, [repair_text(each) for each in broken])


def _decode(match: re.Match[str]) -> str:
    try:
        return bytes(_BYTE[c] for c in match.group()).decode("utf-8")
    except UnicodeDecodeError:
        return match.group()
