"""Reconcile: what was sent compared with what the destination holds, recorded and balanced."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from migration_platform.entity import Entity
from migration_platform.ledger import account_for, input_digest
from migration_platform.platform import REFERENCE, Platform
from migration_platform.reconciliation.entity_reconciliation import reconcile_entity
from migration_platform.reconciliation.lookup import Origin
from migration_platform.reconciliation.readback import Readback
from migration_platform.reconciliation.round_trip import readings_digest
from migration_platform.stage.record import (
    NOT_APPLICABLE_DIGEST,
    StageResult,
    recorded,
    require,
    result_of,
)
from migration_platform.store import StageRun
from migration_platform.token import tokens


@dataclass(frozen=True, slots=True)
class Reconciled(StageResult):
    """What was sent compared with what is there."""

    clean: bool | None = None
    balanced: bool | None = None
    sentence: str = ""


def reconcile(platform: Platform, cohort: str, entity: str) -> Reconciled:
    """Compare what was sent with what the destination holds, field by field, and balance it."""
    staging, declared = platform.staging, platform.entity(entity)
    with recorded(platform, cohort, entity, "reconcile") as run:
        loaded = require(platform, cohort, entity, "load")
        run.update(input_digest=loaded.digest, mapping_digest=loaded.mapping_digest)
        if not loaded.applicable:
            run.update(applicable=False, reason=loaded.reason, digest=NOT_APPLICABLE_DIGEST)
        else:
            with platform.destination():
                pass  # brings our tables there to this revision before ADBC reads them
            key = platform.settings.token_key()
            inputs, before = (
                _proof_inputs(platform, cohort, entity),
                _proof(platform, cohort, entity),
            )
            proved = before is not None and before["inputs"] == inputs and not before["differing"]
            now = datetime.now(UTC).isoformat(timespec="microseconds")
            with (
                platform.streaming("destination") as stream,
                staging.replacing(cohort, entity, "differences") as differences,
                staging.connect() as duck,
            ):
                found = Readback(stream, cohort, declared)
                result = reconcile_entity(
                    declared,
                    snapshot=staging.path(cohort, entity, "extract"),
                    ends=staging.path(cohort, entity, "ends"),
                    mapped=staging.path(cohort, entity, "mapped"),
                    sent_digest=loaded.digest,
                    found=found,
                    differences=differences,
                    documents=platform.settings.destination_documents
                    if declared.document_path
                    else None,
                    origin=None if proved else _origin(platform, cohort, declared),
                    name_records=lambda ids: tokens(key, entity, ids),
                    connection=duck,
                )
            run.update(
                row_count=result.found,
                digest=result.digest,
                counts={
                    "extracted": result.extracted,
                    "archived": result.archived,
                    "excluded": result.excluded,
                    "excepted": result.excepted,
                    "found": result.found,
                    "matched": result.matched,
                    "mismatched": result.mismatched,
                    "missing": result.missing,
                    "unexpected": result.unexpected,
                    "unaccounted": result.unaccounted,
                    "settled": result.settled,
                },
                detail={
                    "seen_at": found.seen_at and found.seen_at.isoformat(timespec="microseconds"),
                    "clusters": [asdict(c) for c in result.clusters],
                    "round_trip": before
                    if result.round_trip is None
                    else {**asdict(result.round_trip), "proved_at": now, "inputs": inputs},
                    "left_out": [
                        {"end": end, "rule": rule, "count": n} for end, rule, n in result.left_out
                    ],
                },
            )
    account = account_for(platform, [cohort], entity)[0]
    return Reconciled(
        **asdict(result_of(run.ended)),
        clean=account.clean,
        balanced=account.balanced,
        sentence=_sentence(run.ended),
    )


def _origin(platform: Platform, cohort: str, entity: Entity) -> Origin:
    """What an entity's mapping is proved from."""
    staging = platform.staging
    parents = {}
    for name in entity.parents:
        home = REFERENCE if platform.entity(name).is_reference else cohort
        if require(platform, home, name, "transform").applicable:
            parents[name] = staging.path(home, name, "ends")
    return Origin(
        staging.path(cohort, entity.name, "extract"), parents, platform.settings.source_documents
    )


def _proof_inputs(platform: Platform, cohort: str, entity: str) -> str:
    """Digest of all that the round trip rests on: snapshot, parents, what was mapped, the mapping
    with its code maps as they are now, and the readings' own code."""
    transformed = require(platform, cohort, entity, "transform")
    parts = (
        input_digest(platform, cohort, entity, platform.store.latest),
        transformed.digest,
        platform.mapping_digest(entity),
        readings_digest(),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _proof(platform: Platform, cohort: str, entity: str) -> dict[str, Any] | None:
    """What the newest reconciliation said of the round trip."""
    newest = platform.store.latest(cohort, entity, "reconcile")
    return newest.detail.get("round_trip") if newest else None


def _sentence(run: StageRun) -> str:
    """The result of a reconciliation in words."""
    c = run.counts
    if not run.applicable:
        return f"not applicable: {run.reason}"
    differing = [f"{c[n]:,} {n}" for n in ("mismatched", "missing", "unexpected") if c.get(n)]
    if c.get("unaccounted"):
        differing.append(f"{c['unaccounted']:,} without a single end")
    if differing:
        most = [
            f"{n['count']:,} {n['kind']}" + (f" in {n['field']}" if n["field"] else "")
            for n in run.detail.get("clusters", [])[:3]
        ]
        return ", ".join(differing) + (f" (most: {', '.join(most)})" if most else "")
    return (
        f"all {c['matched']:,} records match in every field"
        if c["matched"]
        else "nothing to compare"
    )
