"""Reconcile: what was sent compared with what the destination holds, recorded and balanced."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass

from migration_platform.ledger import account_for
from migration_platform.platform import Platform
from migration_platform.reconciliation import reconcile_entity
from migration_platform.reconciliation.readback import read_back
from migration_platform.stage.record import (
    NOT_APPLICABLE_DIGEST,
    StageResult,
    recorded,
    require,
    result_of,
)
from migration_platform.store import StageRun


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
            with (
                ExitStack() as stack,
                staging.replacing(cohort, entity, "differences") as differences,
                staging.connect() as duck,
            ):
                stream = stack.enter_context(platform.streaming("destination"))
                found = stack.enter_context(read_back(stream, cohort, declared))
                result = reconcile_entity(
                    declared,
                    snapshot=staging.path(cohort, entity, "extract"),
                    ends=staging.path(cohort, entity, "ends"),
                    mapped=staging.path(cohort, entity, "mapped"),
                    found=found,
                    differences=differences,
                    documents=platform.settings.destination_documents
                    if declared.document_path
                    else None,
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
                    **{f"differs:{name}": number for name, number in result.fields},
                },
            )
    account = account_for(platform, [cohort], entity)[0]
    return Reconciled(
        **asdict(result_of(run.ended)),
        clean=account.clean,
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
        fields = [k.removeprefix("differs:") for k in c if k.startswith("differs:")]
        return ", ".join(differing) + (f" (fields: {', '.join(fields)})" if fields else "")
    return (
        f"all {c['matched']:,} records match in every field"
        if c["matched"]
        else "nothing to compare"
    )
