"""Reconcile: what was sent compared with what the destination holds, recorded and balanced."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from migration_platform.ledger import account_for
from migration_platform.platform import Platform
from migration_platform.reconciliation.entity_reconciliation import reconcile_entity
from migration_platform.reconciliation.readback import Readback
from migration_platform.stage.record import (
    NOT_APPLICABLE_DIGEST,
    StageResult,
    recorded,
    require,
    result_of,
)
from migration_platform.stage.total import compare_totals
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
            run.update(
                applicable=False,
                reason=loaded.reason,
                digest=NOT_APPLICABLE_DIGEST,
                detail=compare_totals(platform, cohort, entity),
            )
        else:
            with platform.destination():
                pass  # brings our tables there to this revision before ADBC reads them
            key = platform.settings.token_key()
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
                    **compare_totals(platform, cohort, entity),
                },
            )
    account = account_for(platform, [cohort], entity)[0]
    return Reconciled(
        **asdict(result_of(run.ended)),
        clean=False if _differing_totals(run.ended) else account.clean,
        balanced=account.balanced,
        sentence=_sentence(run.ended),
    )


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
    if totals := _differing_totals(run):
        return f"records match, and control totals differ: {', '.join(totals)}"
    return (
        f"all {c['matched']:,} records match in every field"
        if c["matched"]
        else "nothing to compare"
    )


def _differing_totals(run: StageRun) -> list[str]:
    return [t["name"] for t in run.detail.get("totals", []) if t["outcome"] == "differs"]
