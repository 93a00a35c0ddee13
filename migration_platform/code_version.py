"""Code version: the digest of the engine's own files, so that evidence says which code it is of."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

KINDS = (".py", ".sql", ".j2", ".css", ".mako")


@cache
def code_digest() -> str:
    """SHA-256 over every file of the engine, by its place in it. Needs no git."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(p for p in here.rglob("*") if p.suffix in KINDS):
        digest.update(path.relative_to(here).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
