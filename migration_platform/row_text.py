"""Row text: a record's values as one text that no other record has, as DuckDB SQL.

What digests and fingerprints are taken of. Each value stands behind its length, and a null is `-`: no
two records run into each other.
"""

from __future__ import annotations

from collections.abc import Sequence


def join_texts(values: Sequence[str]) -> str:
    """SQL for the values (SQL of type varchar) as one text.

    As a list, so that DuckDB plans how a value is written once, not once for each of thirty columns.
    """
    written = "CASE WHEN v IS NULL THEN '-' ELSE length(v) || ':' || v END"
    return f"array_to_string(list_transform([{', '.join(values)}], lambda v: {written}), '')"
