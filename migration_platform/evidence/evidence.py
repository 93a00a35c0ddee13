"""Evidence: all that a decision on a wave rests on, as one canonical document with a digest.

Pure: built from what the store and the plan hold. It says when it was looked at, never how long that
took, so that looking again at the same state gives the same digest for what counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from migration_platform.accounting import Account
from migration_platform.check import CheckCount
from migration_platform.evidence.blind_spot import BlindSpot
from migration_platform.evidence.change import describe_changes
from migration_platform.evidence.promotion import decide
from migration_platform.evidence.verdict import Verdict
from migration_platform.wave import Wave

if TYPE_CHECKING:
    from migration_platform.evidence.wave_record import WaveRecord

TIMES = ("reconciled_at", "seen_at", "proved_at", "unchanged", "measured_at")
"""Of the entries on cohorts, reconciliations and metrics: when it was looked at, and whether by
comparing or by proof that nothing changed; not what was found. Outside the digest."""

BESIDE = ("assembled_at", "digest", "log", "sign_offs", "state", "tripped_since")
"""When it was put together, and what was decided on it: outside the digest, so that signing the
evidence leaves it the evidence that was signed."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A wave's evidence document, its digest and the verdict on it."""

    wave: str
    document: dict[str, Any]
    digest: str
    decision: Verdict
    promoted_by: str | None = None

    @property
    def verdict(self) -> str:
        """promote, hold, block, or promoted once the decision log says so."""
        return "promoted" if self.promoted_by else self.decision.verdict

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may not go on. Of a promoted wave nobody asks for sign-offs any more."""
        told = len(self.decision.reasons) - (self.decision.unsigned if self.promoted_by else 0)
        return self.decision.reasons[:told]

    @property
    def waived(self) -> tuple[str, ...]:
        """Differences that somebody accepts, in words."""
        return self.decision.waived

    @property
    def sentence(self) -> str:
        if self.promoted_by is None:
            return self.decision.sentence(self.wave)
        if not self.reasons:
            return f"Wave {self.wave} is promoted, by {self.promoted_by}{self.decision.but_for}."
        return (
            f"Wave {self.wave} is promoted, by {self.promoted_by}; now it would not be: "
            f"{self.reasons[0]}."
        )


@dataclass(frozen=True, slots=True)
class CohortState:
    """How far a cohort is, for the evidence. `outdated` names what is not about the present state.

    `night` holds in words what its last night found and nobody has looked at since.
    `unassigned`: patients of the source in no cohort. `may_be_empty`: a cohort of orphaned records, or the reference entities of a source without any,
    loads nothing and is no less complete.
    """

    name: str
    patients: int | None
    loaded: int
    may_be_empty: bool
    unassigned: int
    as_of: datetime | None
    missing_stages: tuple[str, ...]
    outdated: tuple[str, ...]
    night: tuple[str, ...]
    reconciled_at: datetime | None


def assemble(
    wave: Wave,
    *,
    cohorts: Sequence[CohortState],
    accounts: Sequence[tuple[Account, str]],
    checks: Sequence[CheckCount],
    reconciliations: Sequence[Mapping[str, Any]],
    charts: Sequence[Mapping[str, Any]],
    exceptions: Sequence[Mapping[str, Any]],
    rulings: Sequence[Mapping[str, Any]],
    search: Mapping[str, Any] | None,
    rollbacks: Sequence[Mapping[str, Any]],
    drills: Sequence[Mapping[str, Any]],
    record: WaveRecord,
    versions: Mapping[str, str],
    blind_spots: Sequence[BlindSpot],
    promoted_by: str | None,
    at: datetime,
) -> Evidence:
    """Build a wave's evidence and decide on it.

    `accounts` holds, for each cohort and entity, its account and the digest of what was found at the
    destination; `rulings` what people decided about single records, counted; `search` the newest
    search for duplicates (`duplicate.population`); `reconciliations` what the reconciliation of each
    said beyond counts; `charts`, for each cohort, how complete its charts are and the sample that was
    drawn of them; `rollbacks` those of which nothing was loaded since, `drills` the newest one of each
    cohort; `blind_spots` what no comparison can see, for whoever signs.
    """
    document: dict[str, Any] = {
        "wave": wave.name,
        "criteria": {
            "max_patients": wave.max_patients,
            "max_excepted_percent": wave.max_excepted_percent,
            "max_unmapped_codes": wave.max_unmapped_codes,
            "freshness_hours": wave.freshness_hours,
            "drill_days": wave.drill_days,
            "min_sample_charts": wave.min_sample_charts,
            "decided": record.criteria is not None,
            **(record.criteria or {"sign_offs": [], "go": [], "triggers": []}),
        },
        "sealed": record.sealed,
        "cohorts": [
            {
                **asdict(c),
                "as_of": c.as_of and c.as_of.astimezone(UTC).isoformat(timespec="seconds"),
                "reconciled_at": c.reconciled_at
                and c.reconciled_at.astimezone(UTC).isoformat(timespec="seconds"),
            }
            for c in cohorts
        ],
        "accounting": [
            {
                **asdict(account),
                "differences": list(account.differences),
                "balanced": account.balanced,
                "found_digest": digest,
            }
            for account, digest in accounts
        ],
        "checks": [describe_check(c) for c in checks],
        "reconciliation": [dict(each) for each in reconciliations],
        "charts": [dict(each) for each in charts],
        "exceptions": [
            {
                **{k: v for k, v in e.items() if k not in ("due_at", "overdue", "opened_at")},
                "opened": e["opened_at"].astimezone(UTC).isoformat(timespec="seconds"),
                "due": _due(record, e),
            }
            for e in exceptions
        ],
        "rulings": [dict(each) for each in rulings],
        "search": None if search is None else dict(search),
        "metrics": record.metrics,
        "readiness": record.readiness,
        "rollbacks": [dict(each) for each in rollbacks],
        "drills": [dict(each) for each in drills],
        "versions": dict(versions),
        "blind_spots": [asdict(spot) for spot in blind_spots],
    }
    document = _as_json(document)
    digest = evidence_digest(document)
    document |= {
        **record.beside,
        "assembled_at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "digest": digest,
        "sign_offs": [
            {**s, "changed": _changed(record.signed.get(s["evidence_digest"]), document)}
            for s in record.sign_offs
        ],
    }
    return Evidence(wave.name, document, digest, decide(document, at), promoted_by)


def describe_check(check: CheckCount) -> dict[str, Any]:
    """A check's outcome as the document has it. Named one by one: `asdict` copies what is in them, and
    of many cohorts they are thousands."""
    c = check
    return {
        "cohort": c.cohort,
        "entity": c.entity,
        "point": c.point,
        "digest": c.digest,
        "suite_digest": c.suite_digest,
        "outcome": c.outcome,
        "expectations": c.expectations,
        "bad": c.bad,
    }


def _due(record: WaveRecord, exception: Mapping[str, Any]) -> list[list[Any]]:
    """When exceptions of one kind are due: pairs of an instant and a count."""
    e = exception
    key = (e["cohort"], e["entity"], e["kind"], e["rule"], e["field"], e["owner"])
    return record.due.get(key, [])


def _changed(signed: Mapping[str, Any] | None, document: Mapping[str, Any]) -> list[str]:
    """What is no longer as it was signed."""
    if signed is None:
        return ["the signed document is not in the platform store"]
    return describe_changes(timeless(signed), timeless(document))


def timeless(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without what does not make it other evidence."""
    parts = ("cohorts", "reconciliation", "metrics")
    return {
        **{name: value for name, value in document.items() if name not in BESIDE},
        **{part: _without_times(document[part]) for part in parts},
    }


def evidence_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical form, without the times of looking and what was decided."""
    return hashlib.sha256(canonical(timeless(document)).encode()).hexdigest()


def _without_times(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_times(v) for k, v in value.items() if k not in TIMES}
    return [_without_times(v) for v in value] if isinstance(value, list) else value


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(document: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no spaces: one text for one document.

    Written part by part: one call for a document of megabytes would let no page be answered meanwhile.
    """
    parts = (f"{_ENCODER.encode(k)}:{_write(v)}" for k, v in sorted(document.items()))
    return f"{{{','.join(parts)}}}"


def _write(part: Any) -> str:
    if isinstance(part, (list, tuple)):
        return f"[{','.join(_ENCODER.encode(each) for each in part)}]"
    return _ENCODER.encode(part)


def _as_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as it is once it has been written and read: plain values, sorted keys."""

    def read(part: Any) -> Any:
        return json.loads(_ENCODER.encode(part))

    return {
        k: [read(each) for each in v] if isinstance(v, (list, tuple)) else read(v)
        for k, v in sorted(document.items())
    }
