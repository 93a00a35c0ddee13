"""Reconcile: what was sent compared with what the destination holds, recorded and balanced.

A look that need not be full may rest on the last comparison, if it is proven (`unchanged`) that both
sides are what they were then.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from migration_platform.entity import Entity
from migration_platform.evidence.proof import count_sent, explain_inconclusive
from migration_platform.exception.queue import queue_differences
from migration_platform.exception.store import acts_of
from migration_platform.ledger import account_for, input_digest
from migration_platform.platform import REFERENCE, Platform
from migration_platform.reconciliation.entity_reconciliation import reconcile_entity
from migration_platform.reconciliation.lookup import Origin
from migration_platform.reconciliation.readback import Readback
from migration_platform.reconciliation.round_trip import readings_digest
from migration_platform.stage.correction import corrections_of, merges_known
from migration_platform.stage.record import (
    NOT_APPLICABLE_DIGEST,
    RunRecord,
    StageResult,
    recorded,
    require,
    result_of,
)
from migration_platform.stage.total import compare_totals
from migration_platform.stage.unchanged import (
    describe_comparison,
    join_proof,
    may_rest,
    prove,
    rest_on,
)
from migration_platform.store import StageRun
from migration_platform.token import tokens


@dataclass(frozen=True, slots=True)
class Reconciled(StageResult):
    """What was sent compared with what is there. `waived`: all that differs is accepted by somebody."""

    clean: bool | None = None
    balanced: bool | None = None
    waived: bool = False
    sentence: str = ""


def reconcile(platform: Platform, cohort: str, entity: str, *, full: bool = True) -> Reconciled:
    """Compare what was sent with what the destination holds, field by field, and balance it.

    Unless it must be `full`, an earlier comparison is repeated if both sides are proven unchanged.
    Whatever differs, and is not waived, waits in the exception queue until a later look finds it gone.
    """
    staging, declared = platform.staging, platform.entity(entity)
    previous = None if full else platform.store.latest(cohort, entity, "reconcile")
    with recorded(platform, cohort, entity, "reconcile") as run:
        loaded = require(platform, cohort, entity, "load")
        run.update(input_digest=loaded.digest, mapping_digest=loaded.mapping_digest)
        if not loaded.applicable:
            run.update(
                applicable=False,
                reason=loaded.reason,
                digest=NOT_APPLICABLE_DIGEST,
                detail=compare_totals(platform, cohort, entity),
            )
        elif not _repeat(platform, run, previous, loaded):
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
                parts = prove(platform, cohort, loaded, duck)
                found = Readback(stream, cohort, declared, with_versions=True)
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
                    seed=_seed(cohort, entity, loaded.digest),
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
                    "certificate": asdict(result.certificate),
                    "unchanged": describe_comparison(parts, found.versions, found.seen_at),
                    **compare_totals(platform, cohort, entity),
                },
            )
    waived = queue_differences(platform, run.ended)
    account = account_for(platform, [cohort], entity)[0]
    return Reconciled(
        **asdict(result_of(run.ended)),
        clean=False if _doubt(run.ended) or _differing_totals(run.ended) else account.clean,
        balanced=account.balanced,
        waived=waived,
        sentence=_sentence(run.ended),
    )


def _origin(platform: Platform, cohort: str, entity: Entity) -> Origin:
    """What an entity's mapping is proved from."""
    staging = platform.staging
    parents, merges = {}, {}
    for name in entity.parents:
        home = REFERENCE if platform.entity(name).is_reference else cohort
        if require(platform, home, name, "transform").applicable:
            parents[name] = staging.path(home, name, "ends")
            if (merged := merges_known(platform, home, name)) is not None:
                merges[name] = merged
    return Origin(
        staging.path(cohort, entity.name, "extract"),
        parents,
        platform.settings.source_documents,
        corrections_of(platform, cohort, entity.name),
        merges,
    )


def _proof_inputs(platform: Platform, cohort: str, entity: str) -> str:
    """Digest of all that the round trip rests on: snapshot, parents, what was mapped, the mapping
    with its code maps as they are now, and the readings' own code."""
    transformed = require(platform, cohort, entity, "transform")
    parts = (
        input_digest(
            platform,
            cohort,
            entity,
            platform.store.latest,
            acts_of(platform.store, cohort, entity),
        ),
        transformed.digest,
        platform.mapping_digest(entity),
        readings_digest(),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _proof(platform: Platform, cohort: str, entity: str) -> dict[str, Any] | None:
    """What the newest reconciliation said of the round trip."""
    newest = platform.store.latest(cohort, entity, "reconcile")
    return newest.detail.get("round_trip") if newest else None


def _seed(cohort: str, entity: str, digest: str) -> str:
    """What the certificate's draw follows from: the same content is tested by the same faults."""
    return hashlib.sha256(f"{cohort}:{entity}:{digest}".encode()).hexdigest()[:16]


def _doubt(run: StageRun) -> str:
    """Why the comparison proves nothing, in words; empty if it does."""
    if not run.applicable:
        return ""
    return explain_inconclusive(run.detail.get("certificate"), count_sent(run.counts))


def _repeat(
    platform: Platform, run: RunRecord, previous: StageRun | None, loaded: StageRun
) -> bool:
    """Repeat an earlier comparison if that would come out the same now; whether it did."""
    nights, now = platform.settings.full_comparison_nights, datetime.now(UTC)
    cohort, entity = loaded.cohort, loaded.entity
    kept = platform.staging.path(cohort, entity, "differences")
    if previous is None or not may_rest(previous, now, nights) or not kept.exists():
        return False
    with platform.streaming("destination") as stream, platform.staging.connect() as duck:
        parts = prove(platform, cohort, loaded, duck)
        found = Readback(stream, cohort, platform.entity(entity))
        versions = found.look_at_versions()
    detail = rest_on(previous, join_proof(parts, versions), found.seen_at or now)
    if detail is None:
        return False
    run.update(
        row_count=previous.row_count,
        digest=previous.digest,
        counts=previous.counts,
        detail=detail,
    )
    return True


def _sentence(run: StageRun) -> str:
    """The result of a reconciliation in words, and first of all whether it proves anything."""
    doubt = _doubt(run)
    return f"inconclusive: {doubt}. As it stands: {_say(run)}" if doubt else _say(run)


def _say(run: StageRun) -> str:
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
    if totals := _differing_totals(run):
        return f"records match, and control totals differ: {', '.join(totals)}"
    if not c["matched"]:
        return "nothing to compare"
    certificate, rests = run.detail["certificate"], run.detail.get("unchanged", {})
    said = (
        f"all {c['matched']:,} records match in every field; of {certificate['planted']:,} faults "
        f"planted in a copy, {certificate['located']:,} were found and located"
    )
    if rests.get("compared") is False:
        said += f"; nothing changed since the comparison of {rests['since'][:16]} UTC"
    return said


def _differing_totals(run: StageRun) -> list[str]:
    return [t["name"] for t in run.detail.get("totals", []) if t["outcome"] == "differs"]
