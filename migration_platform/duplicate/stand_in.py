"""Stand-in: what references to a merged record become: its survivor, as far as that one has moved.

Read from what people decided and from what became of the survivor, in whichever cohort it is. A
survivor of another cohort counts as moved once it is loaded: before that, what refers to it waits.
That a merged record itself stays behind is for `mapping`; how reconciliation reads it, for
`reconciliation.merge`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from migration_platform.exception.ruling import find_rulings
from migration_platform.exception.ruling_file import RuledRecord, read_rows
from migration_platform.exception.store import acts_of
from migration_platform.platform import Platform
from migration_platform.staging import quote_text
from migration_platform.store import StageRun
from migration_platform.token import token as token_of


def merges_of(platform: Platform, transformed: StageRun | None) -> list[RuledRecord]:
    """The merges that a transform knew: the source id of each merged record, and as its value that of
    its survivor."""
    until = transformed.detail.get("rulings_until", 0) if transformed else 0
    if transformed is None or not until:
        return []
    cohort, entity = transformed.cohort, transformed.entity
    acts = acts_of(platform.store, cohort, entity, until=until)
    merged = [r for r in find_rulings(acts) if r.effect == "merge"]
    key = platform.settings.token_key()
    return [row for _, row in read_rows(platform.staging, key, cohort, entity, merged)]


def homes_of(platform: Platform, merges: Sequence[RuledRecord]) -> dict[str, list[str]]:
    """The survivors by the cohort that has them; those of no frozen cohort are left out."""
    if not merges:
        return {}
    names = sorted({m.value for m in merges if m.value is not None})
    with platform.destination() as connection:
        rows = connection.execute(
            "SELECT patient, cohort FROM migration.cohort_member WHERE patient = ANY(%s) ORDER BY 1",
            (names,),
        ).fetchall()
    found: dict[str, list[str]] = {}
    for patient, home in rows:
        found.setdefault(home, []).append(patient)
    return found


def find_stand_ins(platform: Platform, transformed: StageRun | None) -> list[dict[str, Any]]:
    """For each merged record of a cohort's entity, as it was last transformed: its source id, and id,
    end and carried fields of its survivor. The end is `excepted` while the survivor is not there to
    refer to."""
    merges = merges_of(platform, transformed)
    if transformed is None or not merges:
        return []
    entity, known = transformed.entity, dict[str, dict[str, Any]]()
    for home, survivors in homes_of(platform, merges).items():
        for row in _read_ends(platform, home, entity, survivors):
            known[row["source_id"]] = row
        if home != transformed.cohort:
            moved = _loaded(platform, home, entity, survivors)
            for name in survivors:
                if name in known and known[name]["end"] == "mapped" and name not in moved:
                    known[name]["end"] = "excepted"
    nowhere: dict[str, Any] = {"id": None, "end": "excepted"}
    return [
        {**known.get(m.value or "", nowhere), "source_id": m.source_id}
        for m in sorted(merges, key=lambda m: m.source_id)
    ]


def find_merged(platform: Platform, entity: str, token: str) -> list[tuple[str, str]]:
    """Cohort and source id of each record that moved as the record with this token."""
    key, found = platform.settings.token_key(), list[tuple[str, str]]()
    for cohort in platform.plan.cohorts:
        transformed = platform.store.latest(cohort.name, entity, "transform")
        for merge in merges_of(platform, transformed):
            if token_of(key, entity, merge.value or "") == token:
                found.append((cohort.name, merge.source_id))
    return found


def digest_stand_ins(stand_ins: Sequence[dict[str, Any]]) -> str:
    """What a transform works from beside the ends of what it refers to; empty without merges."""
    if not stand_ins:
        return ""
    lines = [repr(sorted((k, str(v)) for k, v in each.items())) for each in stand_ins]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _read_ends(
    platform: Platform, cohort: str, entity: str, names: Sequence[str]
) -> list[dict[str, Any]]:
    path = platform.staging.path(cohort, entity, "ends")
    if not path.exists():
        return []
    with platform.staging.connect() as duck:
        cursor = duck.execute(
            "SELECT * EXCLUDE (patient, rule, kind, field) "
            f"FROM read_parquet({quote_text(str(path))}) WHERE source_id IN (SELECT unnest(?))",
            [list(names)],
        )
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _loaded(platform: Platform, cohort: str, entity: str, names: Sequence[str]) -> set[str]:
    with platform.destination() as connection:
        rows = connection.execute(
            "SELECT source_id FROM migration.crosswalk WHERE cohort = %s AND entity = %s "
            "AND fingerprint IS NOT NULL AND source_id = ANY(%s)",
            (cohort, entity, list(names)),
        ).fetchall()
    return {row[0] for row in rows}
