"""Document: what happens to stored files. Their index entries are records like any other."""

from __future__ import annotations

from random import Random

from migration_platform.fault.fault import DocumentFault

THUMBNAIL = b"\x89PNG\r\n\x1a\n" + bytes(56)
LOCKED = b"Salted__"


def _flip_one(content: bytes, random: Random) -> bytes:
    """One bit of one byte."""
    if not content:
        return b"\x00"
    at = random.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << random.randrange(8)]) + content[at + 1 :]


def _break_off(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(1, len(content))] if len(content) > 1 else b""


def _lose_page(content: bytes, random: Random) -> bytes:
    """A third of it is gone from the middle."""
    third = len(content) // 3
    if not third:
        return b""
    return content[:third] + content[2 * third :]


DOCUMENTS: tuple[DocumentFault, ...] = (
    DocumentFault("file missing", "there is no file where the entry leads", ("missing blob", "dead link"),
                  lambda content, random: None),
    DocumentFault("file empty", "the file has no bytes", ("zero bytes",),
                  lambda content, random: b""),
    DocumentFault("file broken off", "only the beginning of the file is there", ("truncated",),
                  _break_off),
    DocumentFault("one bit changed", "as long as it was, and one bit is another",
                  ("same length, different bytes",), _flip_one),
    DocumentFault("file of another", "another patient's file stands there", ("wrong patient",),
                  lambda content, random: b"%PDF-1.4\n% of another patient " + random.randbytes(32)),
    DocumentFault("page lost", "a part is gone from the middle",
                  ("page lost", "rotated/OCR text lost"), _lose_page),
    DocumentFault("file locked", "the file is there and encrypted", ("encrypted/unreadable",),
                  lambda content, random: LOCKED + bytes(b ^ 0x5A for b in content)),
    DocumentFault("thumbnail for original", "a small picture stands where the document was",
                  ("thumbnail instead of original",), lambda content, random: THUMBNAIL),
    DocumentFault("line ends of a file changed", "written anew as text: bytes were added",
                  ("same length, different bytes",), lambda content, random: content + b"\r\n"),
    DocumentFault("file doubled", "the content stands there twice", ("duplicated",),
                  lambda content, random: content + content if content else b"\n"),
)  # fmt: skip
"""Wrong content type, changed metadata and a missing index are faults of the entry's own fields and
of the record, and are planted as such."""
