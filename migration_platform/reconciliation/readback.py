"""Read-back: what the destination holds of a cohort's records of one entity.

Every row that the crosswalk gives to the cohort, and every row that hangs on one of the cohort's
patients though no crosswalk knows it: somebody else wrote it, and it is unexpected. Rows of the
patient entity and of reference entities that no crosswalk knows are unexpected in every cohort.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from migration_platform.entity import Entity

PATIENT = "patient"


def readback_query(cohort: str, entity: Entity) -> str:
    """SELECT of `id` and the entity's fields as reconciliation compares them.

    Numbers come as exact text without trailing zeros, ids as text; dates, instants, integers and
    booleans typed; an instant in microseconds since 1970.
    """
    columns = ["d.id::text AS id"]
    for field in entity.fields:
        name = _name(field.name)
        if field.type == "decimal":
            columns.append(f"trim_scale(d.{name}::numeric)::text AS {name}")
        elif field.type == "timestamp":
            columns.append(f"(extract(epoch FROM d.{name}) * 1000000)::bigint AS {name}")
        elif field.type in ("uuid", "text"):
            columns.append(f"d.{name}::text AS {name}")
        else:
            columns.append(f"d.{name}")
    owner = next((f.name for f, r in entity.references if r.entity == PATIENT and f.required), None)
    foreign = "c.destination_id IS NULL"
    if owner is not None:
        foreign += (
            f" AND d.{_name(owner)} IN (SELECT destination_id FROM migration.crosswalk "
            f"WHERE cohort = {_text(cohort)} AND entity = {_text(PATIENT)})"
        )
    own = f"c.cohort = {_text(cohort)}"
    if entity.is_reference:
        # One that left the source but is still referred to stays there, and nobody vouches for it.
        own += " AND c.fingerprint IS NOT NULL"
    return (
        f"SELECT {', '.join(columns)} FROM {_name(entity.name)} d "
        f"LEFT JOIN migration.crosswalk c ON c.destination_id = d.id "
        f"AND c.entity = {_text(entity.name)} "
        f"WHERE ({own}) OR ({foreign})"
    )


@contextmanager
def read_back(connection: Any, cohort: str, entity: Entity) -> Iterator[pa.RecordBatchReader]:
    """Stream what the destination holds. `connection` is an ADBC connection to it."""
    with connection.cursor() as cursor:
        cursor.execute(readback_query(cohort, entity))
        yield cursor.fetch_record_batch()


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
