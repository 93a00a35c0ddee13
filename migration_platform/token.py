"""Token: what points at a record outside the platforms and staging.

HMAC-SHA256 (RFC 2104) of entity and source id under this migration's key, cut to 64 bits: the same
record has the same token everywhere, and without the key nobody can tell whose it is.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence


def token(key: bytes, entity: str, source_id: str) -> str:
    """The record's token: 16 hex digits."""
    message = f"{entity}\0{source_id}".encode()
    return hmac.digest(key, message, hashlib.sha256).hex()[:16]


def tokens(key: bytes, entity: str, source_ids: Sequence[str]) -> list[str]:
    """A token for each source id, in order."""
    return [token(key, entity, each) for each in source_ids]
