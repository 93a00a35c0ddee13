"""Decision store: the decision log, the evidence that it names, and what its waivers cover, as rows.

Append-only. How entries are chained stands in `decision`, whether the log is whole in `decision.log`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from migration_platform.decision import log_head
from migration_platform.decision.decision import Decision, chain
from migration_platform.decision.wave_state import find_promotion
from migration_platform.errors import EvidenceError
from migration_platform.store_connection import StoreConnection
from migration_platform.waiver.waiver import Waiver, read_waivers


class DecisionStore(StoreConnection):
    """What people decided, and on what."""

    def has_evidence(self, digest: str) -> bool:
        """Is an evidence document kept under this digest?"""
        rows = self.read("SELECT FROM migration.evidence WHERE digest = %s", (digest,))
        return bool(rows)

    def keep_evidence(self, digest: str, wave: str, document: str) -> None:
        """Keep an evidence document (canonical JSON) under its digest."""
        with self.transaction() as c:
            c.execute(
                "INSERT INTO migration.evidence (digest, wave, document) VALUES (%s, %s, %s::jsonb) "
                "ON CONFLICT (digest) DO NOTHING",
                (digest, wave, document),
            )

    def decisions(self) -> list[Decision]:
        """The whole decision log, in order."""
        rows = self.read(
            "SELECT sequence, wave, action, person, reason, COALESCE(evidence_digest, '') AS "
            "evidence_digest, decided_at, previous_hash, hash, detail FROM migration.decision "
            "ORDER BY sequence"
        )
        return [Decision(**row) for row in rows]

    def promotion(self, wave: str) -> Decision | None:
        """The promotion of a wave that counts now, if there is one."""
        return find_promotion(self.decisions(), wave)

    def append_decision(
        self,
        *,
        wave: str,
        action: str,
        person: str,
        reason: str,
        evidence_digest: str = "",
        detail: Mapping[str, Any] | None = None,
        require: Callable[[Sequence[Decision]], None] = lambda log: None,
        waiver: Mapping[str, Any] | None = None,
        ended_waiver: int | None = None,
    ) -> Decision:
        """Append to the decision log, with what a waiver covers or which one ends.

        Of two at once, one waits for the other, and `require` sees the log as the other left it: it
        raises if the decision may not be taken now.
        """
        with self.transaction() as c:
            # Whom the log does not belong to may not lock its table.
            c.execute("SELECT pg_advisory_xact_lock(720920)")
            log = self.decisions()
            require(log)
            last = log[-1] if log else None
            decision = chain(
                sequence=last.sequence + 1 if last else 1,
                wave=wave,
                action=action,
                person=person,
                reason=reason,
                evidence_digest=evidence_digest,
                decided_at=datetime.now(UTC),
                previous_hash=last.hash if last else "",
                detail=detail,
            )
            c.execute(
                "INSERT INTO migration.decision (sequence, wave, action, person, reason, "
                "evidence_digest, decided_at, previous_hash, hash, detail) VALUES "
                "(%(sequence)s, %(wave)s, %(action)s, %(person)s, %(reason)s, "
                "NULLIF(%(evidence_digest)s, ''), %(decided_at)s, %(previous_hash)s, %(hash)s, "
                "%(detail)s)",
                {**asdict(decision), "detail": Jsonb(decision.detail)},
            )
            if waiver is not None:
                c.execute(
                    "INSERT INTO migration.waiver (number, cohort, leg, entity, field, kind, count, "
                    "until) VALUES (%(number)s, %(cohort)s, %(leg)s, %(entity)s, %(field)s, "
                    "%(kind)s, %(count)s, %(until)s)",
                    {"number": decision.sequence, **waiver},
                )
            if ended_waiver is not None:
                c.execute(
                    "INSERT INTO migration.waiver_end (number, waiver) VALUES (%s, %s)",
                    (decision.sequence, ended_waiver),
                )
        log_head.keep(self.settings.home, decision)
        return decision

    def waivers(self) -> list[Waiver]:
        """Every waiver there ever was. Raises EvidenceError if they are not those of the log."""
        covered = self.read(
            "SELECT number, cohort, leg, entity, field, kind, count, until FROM migration.waiver"
        )
        ends = self.read("SELECT number, waiver FROM migration.waiver_end")
        try:
            return read_waivers(
                self.decisions(), covered, {row["number"]: row["waiver"] for row in ends}
            )
        except ValueError as error:
            raise EvidenceError(
                f"{error}: somebody altered the platform store. Nothing can be decided until it is "
                "restored."
            ) from None
