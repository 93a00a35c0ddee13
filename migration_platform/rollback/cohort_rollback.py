"""Rollback: a cohort's loads taken back, after what was written since is carried out of harm's way.

What goes and what comes back is worked out in `destination.undo`, done in `destination.rollback`.
Here stands the order of it: refuse or list; write out; say that it begins; undo and commit; put the
stored files right; say that it is done. Stopped anywhere, `settle` brings it to one end or the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from migration_platform.decision.log import read_whole
from migration_platform.decision.right import require_right
from migration_platform.decision.wave_state import find_promotion, find_state, refuse
from migration_platform.destination.document_rollback import put_documents_right
from migration_platform.destination.hanging import Refusal
from migration_platform.destination.rollback import alone_with, undo_loads
from migration_platform.destination.undo import Part, Undoing, work_out
from migration_platform.destination.written_there import find_writes, read_writes, write_file
from migration_platform.errors import ConfigurationError, GateClosedError, HangingError
from migration_platform.platform import REFERENCE, Platform
from migration_platform.rollback import record as records
from migration_platform.rollback.record import WriteGroup
from migration_platform.token import token

ACTION = "roll back"
"""In the decision log: with a cohort in its detail, of that cohort alone."""

FEW = 5
"""Records named by token for each group of writes."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """A cohort's rollback: what it would do, or did (`done`)."""

    cohort: str
    number: int
    done: bool
    removed: dict[str, int]
    restored: dict[str, int]
    made: dict[str, int]
    emptied: dict[str, int]
    writes: tuple[WriteGroup, ...]
    refusals: tuple[str, ...]
    warnings: tuple[str, ...]
    file: str | None = None
    """Where what was written at the destination was carried out to."""
    documents: int = 0
    digest_before: str = ""
    digest_after: str = ""
    seconds: float = 0.0

    @property
    def records(self) -> int:
        return sum(self.removed.values()) + sum(self.restored.values())

    @property
    def written_there(self) -> int:
        """Lines of the file: fields and records written there since."""
        return sum(w.count for w in self.writes)

    @property
    def sentence(self) -> str:
        if self.refusals:
            return f"Cohort {self.cohort} cannot be rolled back: {self.refusals[0]}."
        state = "was rolled back" if self.done else "can be rolled back"
        carried = (
            f"; {self.written_there:,} writes made there since {'were' if self.done else 'are'} "
            "carried out"
            if self.writes
            else "; nobody wrote there since"
        )
        return (
            f"Cohort {self.cohort} {state}: {sum(self.removed.values()):,} records removed, "
            f"{sum(self.restored.values()):,} as they were before{carried}."
        )


def roll_back(
    platform: Platform,
    cohorts: Sequence[str],
    *,
    person: str,
    reason: str,
    whole_wave: bool = False,
    dry_run: bool = False,
) -> list[Rollback]:
    """Take back everything that the cohorts' loads did at the destination, in one transaction.

    Of several cohorts only those that hang on each other need to go together: `wave_rollback` finds
    them. With `whole_wave`, their wave is rolled back too (by the caller). With `dry_run`, only say what it
    would do. Raises GateClosedError if there is nothing to take
    back or it would break what others have (HangingError if those are cohorts); MigrationError if it
    cannot be done. Nothing is changed then.
    """
    for cohort in cohorts:
        if cohort != REFERENCE:
            platform.plan.cohort(cohort)
    if not dry_run:
        require_decision(platform, person, reason)
    finished = {record.cohort: record for record in settle(platform, cohorts)}
    started = time.monotonic()
    with platform.destination() as connection, _alone_with_all(connection, cohorts):
        with connection.cursor() as cursor:
            undoing = work_out(cursor, cohorts, platform.entities, lock=not dry_run)
            undone = [part.cohort for part in undoing.parts if not part.loads]
            if undone and all(cohort in finished for cohort in cohorts):
                return [_as_recorded(finished[cohort]) for cohort in cohorts]
            if undone:
                raise GateClosedError(
                    f"nothing of cohort {', '.join(undone)} is loaded: there is nothing to roll back."
                )
            forbidden = (r for name in cohorts for r in _forbidden(platform, name))
            undoing = replace(
                undoing, refusals=(*map(Refusal, dict.fromkeys(forbidden)), *undoing.refusals)
            )
            if undoing.refusals and not dry_run:
                raise _refuse(cohorts, undoing.refusals)
            describe = partial(_describe, platform, undoing, whole_wave)
            find_writes(cursor, undoing)
            if dry_run:
                planned = []
                for part in undoing.parts:
                    lines = read_writes(cursor, part.cohort, platform.entities, platform.owner)
                    planned += [describe(part, _group(platform, lines))]
                connection.rollback()
                return planned

            def begin(part: Part, groups: Sequence[WriteGroup]) -> None:
                records.begin(
                    platform.store, part.cohort, part.number,
                    person=person, reason=reason, writes=groups,
                )  # fmt: skip

            try:
                taken = take_back(
                    platform, cursor, undoing,
                    lambda part: carried_back_file(platform, part.cohort, part.number),
                    person=person, reason=reason, begin=begin,
                )  # fmt: skip
            except Exception as error:
                connection.close()  # before anybody is told that it failed
                with suppress(psycopg.Error):  # the store is gone too: `settle` says so later
                    for part in undoing.parts:
                        records.end(platform.store, part.cohort, part.number, "failed")
                raise error from None
            # Lost in the middle of this, only the destination knows: `settle` asks it.
            connection.commit()
        done = []
        for part, groups, before, after in taken:
            ended = _finish(platform, connection, part.cohort, part.number)
            file = carried_back_file(platform, part.cohort, part.number)
            done.append(
                replace(
                    describe(part, groups),
                    done=True,
                    file=str(file) if groups else None,
                    documents=ended["documents"],
                    digest_before=before,
                    digest_after=after,
                    seconds=time.monotonic() - started,
                )
            )
    return done


@contextmanager
def _alone_with_all(connection: psycopg.Connection, cohorts: Sequence[str]) -> Iterator[None]:
    """Raise GateClosedError if one of them is loaded or rolled back now; nobody starts to meanwhile."""
    with ExitStack() as stack:
        for cohort in cohorts:
            if not stack.enter_context(alone_with(connection, cohort)):
                raise GateClosedError(
                    f"cohort {cohort} is being loaded or rolled back now: wait until that has ended."
                )
        yield


def _refuse(cohorts: Sequence[str], refusals: Sequence[Refusal]) -> GateClosedError:
    """The error that says why it may not be; a HangingError if other cohorts alone are the reason."""
    sentence = (
        f"cohort {', '.join(cohorts)} cannot be rolled back: "
        + "; ".join(refusal.sentence for refusal in refusals)
        + ". Nothing was written."
    )
    others = tuple(dict.fromkeys(refusal.cohort for refusal in refusals))
    return HangingError(sentence, others) if all(others) else GateClosedError(sentence)


def require_decision(platform: Platform, person: str, reason: str) -> None:
    """Raise ConfigurationError unless somebody who may decide gives a reason."""
    if not (person.strip() and reason.strip()):
        raise ConfigurationError("a rollback needs a person (--by) and a reason (--reason)")
    require_right(platform.people, person, "roll back")


def _forbidden(platform: Platform, cohort: str) -> list[str]:
    """Why the wave's state does not allow it; empty if it does."""
    log = read_whole(platform)
    if cohort == REFERENCE:
        return []
    wave = platform.plan.wave_of(cohort).name
    state = find_state(log, wave)
    # What was begun must be ended: of a wave that is rolled back already, a cohort may still go.
    return [refuse(state, wave, ACTION).rstrip(".")] if state.name == "completed" else []


def take_back(
    platform: Platform,
    cursor: psycopg.Cursor,
    undoing: Undoing,
    place: Callable[[Part], Path],
    *,
    person: str,
    reason: str,
    begin: Callable[[Part, Sequence[WriteGroup]], None],
) -> list[tuple[Part, tuple[WriteGroup, ...], str, str]]:
    """Carry out what was written there (`find_writes` has been called) to each part's place, then
    undo the loads.

    The caller commits. Returns of each part what was written there, and its records' digests before
    and after.
    """
    carried = []
    for part in undoing.parts:
        lines = read_writes(cursor, part.cohort, platform.entities, platform.owner)
        groups = _group(platform, write_file(place(part), lines))
        if not groups:
            place(part).unlink()
        carried.append((part, groups))
    for part, groups in carried:
        begin(part, groups)
    digests = undo_loads(cursor, undoing, person=person, reason=reason)
    return [(part, groups, *digests[part.cohort]) for part, groups in carried]


def settle(platform: Platform, cohorts: Sequence[str]) -> list[records.RollbackRecord]:
    """Bring rollbacks that were stopped in the middle to their end: done if the destination says so,
    else failed, with nothing changed. Returns those that were done."""
    done = []
    for record in records.find_running(platform.store, cohorts):
        with (
            platform.destination() as connection,
            alone_with(connection, record.cohort) as alone,
        ):
            if not alone:
                continue  # it is running
            row = connection.execute(
                "SELECT FROM migration.rollback WHERE cohort = %s AND number = %s",
                (record.cohort, record.number),
            )
            if row.rowcount:
                _finish(platform, connection, record.cohort, record.number)
                done += [records.newest(platform.store, record.cohort) or record]
            else:
                records.end(platform.store, record.cohort, record.number, "failed")
    return done


def carried_back_file(platform: Platform, cohort: str, number: int) -> Path:
    """Where what was written at the destination is set out, to be carried back to the source."""
    return platform.settings.staging / cohort / "carried-back" / f"{number}.csv"


def _finish(
    platform: Platform, connection: psycopg.Connection, cohort: str, number: int
) -> dict[str, Any]:
    """After the commit: stored files, then the platform's own record."""
    documents = put_documents_right(
        connection, platform.settings.destination_documents, platform.entities, cohort, number
    )
    row = connection.execute(
        "SELECT counts, digest_before, digest_after, person, reason FROM migration.rollback "
        "WHERE cohort = %s AND number = %s",
        (cohort, number),
    ).fetchone()
    connection.commit()
    assert row is not None
    counts = {
        **row[0],
        "documents": documents.removed,
        "documents_left": documents.left,
        "digest_before": row[1],
        "digest_after": row[2],
    }
    _log(platform, cohort, number, person=row[3], reason=row[4])
    records.end(platform.store, cohort, number, "done", counts)
    return counts


def _log(platform: Platform, cohort: str, number: int, *, person: str, reason: str) -> None:
    """Put it into the decision log, once: it has happened, whatever was decided meanwhile."""
    wave = REFERENCE if cohort == REFERENCE else platform.plan.wave_of(cohort).name
    detail = {"cohort": cohort, "number": number}
    if not any(d.action == ACTION and d.detail == detail for d in platform.store.decisions()):
        platform.store.append_decision(
            wave=wave, action=ACTION, person=person, reason=reason, detail=detail
        )


def _group(platform: Platform, lines: Iterable[dict[str, Any]]) -> tuple[WriteGroup, ...]:
    """The lines by entity, field and kind, without a value."""
    key = platform.settings.token_key()
    counts: dict[tuple[str, str, str, str], int] = {}
    named: dict[tuple[str, str, str, str], list[str]] = {}
    for line in lines:
        if line["kind"] in ("made", "withdrawn") and line["field"]:
            continue  # a record that was made there is one write, whatever fields it has
        group = (line["entity"], line["field"], line["kind"], line["owner"])
        counts[group] = counts.get(group, 0) + 1
        some = named.setdefault(group, [])
        identity = line["source_id"] or line["destination_id"]
        if len(some) < FEW and identity:
            some.append(token(key, line["entity"], identity))
    return tuple(
        WriteGroup(*group, count=counts[group], tokens=tuple(named[group]))
        for group in sorted(counts)
    )


def _describe(
    platform: Platform,
    undoing: Undoing,
    whole_wave: bool,
    part: Part,
    groups: tuple[WriteGroup, ...],
) -> Rollback:
    return Rollback(
        part.cohort,
        part.number,
        False,
        dict(part.removed),
        dict(part.restored),
        dict(part.made),
        dict(part.emptied),
        groups,
        tuple(refusal.sentence for refusal in undoing.refusals),
        tuple(_warn(platform, part, whole_wave)),
    )


def _warn(platform: Platform, part: Part, whole_wave: bool) -> Iterable[str]:
    """What a rollback does not undo, said before."""
    yield (
        "what left the destination since the load is not called back: messages sent, orders and "
        "prescriptions transmitted, payments taken"
    )
    yield "whoever works at the destination with these patients no longer finds them there"
    for name, number in part.emptied.items():
        yield f"{number:,} rows of {name} lose their reference, as the destination itself has it"
    if part.cohort == REFERENCE:
        return
    wave = platform.plan.wave_of(part.cohort)
    if not whole_wave and find_promotion(read_whole(platform), wave.name) is not None:
        yield (
            f"a cohort alone leaves wave {wave.name} promoted, and the wave after it closed until "
            "the cohort is loaded again"
        )
    names = [w.name for w in platform.plan.waves]
    later = [c.name for w in platform.plan.waves[names.index(wave.name) + 1 :] for c in w.cohorts]
    loaded = {r.cohort for r in platform.store.latest_runs(later) if r.stage == "load"}
    if loaded:
        yield f"later cohorts stay loaded: {', '.join(n for n in later if n in loaded)}"


def _as_recorded(record: records.RollbackRecord) -> Rollback:
    """A rollback that had been stopped after its commit and is ended now."""
    c = record.counts
    return Rollback(
        record.cohort, record.number, True, c["removed"], c["restored"], c["made"], c["emptied"],
        record.writes, (), (), documents=c["documents"],
        digest_before=c["digest_before"], digest_after=c["digest_after"],
    )  # fmt: skip
