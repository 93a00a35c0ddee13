"""Errand: something that takes longer than a page may wait: a promotion's last look, a rollback, a run.

It goes on when the reader leaves; its page says how far it is and how it ended. What it does is done
by the engine's own functions, on a platform of its own.
"""

from __future__ import annotations

import secrets
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Any, Literal, Protocol

from migration_platform import gate
from migration_platform.decision.move import plan_promotion
from migration_platform.decision.move import promote as record_promotion
from migration_platform.errors import ConfigurationError, GateClosedError, MigrationError
from migration_platform.platform import Platform
from migration_platform.progress import CohortProgress, Progress
from migration_platform.room.lender import Lender
from migration_platform.room.shelf import Shelf

MOST = 200
"""Errands that are remembered."""


@dataclass(frozen=True, slots=True)
class Errand:
    """`wave` is empty if it is of all of them. `words` say what it is doing, `done` of `total` how far; `cohorts` how far each of them is;
    `ended` how it ended, in words."""

    number: str
    title: str
    wave: str
    person: str
    begun_at: datetime
    state: Literal["running", "done", "not passed", "refused", "failed"] = "running"
    words: str = ""
    done: int = 0
    total: int = 0
    cohorts: tuple[CohortProgress, ...] = ()
    ended: tuple[str, ...] = ()

    @property
    def percent(self) -> int:
        return self.done * 100 // self.total if self.total else 0

    @property
    def place(self) -> tuple[str, str]:
        """Where it was begun: an address and its name."""
        return (f"/waves/{self.wave}", self.wave) if self.wave else ("/duplicates", "Duplicates")


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of an errand, in words. `passed`: it is as it was asked for."""

    lines: tuple[str, ...]
    passed: bool = True


class Tell(Protocol):
    """Told what is being done, and how far it is."""

    def __call__(
        self, words: str, done: int = 0, total: int = 0, cohorts: tuple[CohortProgress, ...] = ()
    ) -> None: ...


Work = Callable[[Platform, Tell], Ended]
"""Does it, telling how far it is."""


@dataclass
class Errands:
    """Those that run, and those that have ended lately."""

    lender: Lender
    shelf: Shelf
    _known: dict[str, Errand] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, number: str) -> Errand:
        if number not in self._known:
            raise ConfigurationError(
                "there is no such errand any more: what came of it stands in the decision log"
            )
        return self._known[number]

    def begin(self, title: str, wave: str, person: str, work: Work) -> str:
        """Begin it, one for a wave at a time; returns its number."""
        with self._lock:
            for other in self._known.values():
                if other.wave == wave and other.state == "running":
                    raise GateClosedError(
                        f"{other.person} has begun this already: {other.title}. Wait for its end."
                    )
            while len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            number = secrets.token_urlsafe(9)
            self._known[number] = Errand(number, title, wave, person, datetime.now(UTC))
        threading.Thread(target=self._do, args=(number, work), daemon=True).start()
        return number

    def promote(self, platform: Platform, wave: str, person: str, reason: str, digest: str) -> str:
        """Promote a wave. What can be refused at once is refused here."""
        plan_promotion(platform, wave, person=person, evidence_digest=digest)[0].require()

        def work(own: Platform, tell: Tell) -> Ended:
            look = f"Looking at wave {wave} once more"
            decision, _ = record_promotion(
                own, wave, person=person, reason=reason, evidence_digest=digest,
                progress=lambda done, total: tell(look, done, total),
            )  # fmt: skip
            tell("Telling Dagster")
            told = announce(own, wave)
            said = f"Wave {wave} is promoted: entry {decision.sequence} of the decision log.{told}"
            return Ended((said,))

        return self.begin(f"Promote wave {wave}", wave, person, work)

    def roll_back(self, platform: Platform, wave: str, person: str, reason: str) -> str:
        """Roll a wave back: every loaded cohort of it, then the wave."""
        names = [c.name for c in platform.plan.wave(wave).cohorts]

        def work(own: Platform, tell: Tell) -> Ended:
            from migration_platform.rollback.wave_rollback import roll_back_all

            tell("Taking back what was loaded")
            done = roll_back_all(own, names, wave=wave, person=person, reason=reason)
            return Ended((*(each.sentence for each in done), f"Wave {wave} is rolled back."))

        return self.begin(f"Roll back wave {wave}", wave, person, work)

    def run(self, platform: Platform, wave: str, cohorts: Sequence[str], person: str) -> str:
        """Run cohorts of a wave. A closed gate refuses here already."""
        for name in cohorts:
            gate.require_open(platform, name)
        title = f"Run wave {wave}" if len(cohorts) > 1 else f"Run cohort {', '.join(cohorts)}"

        def work(own: Platform, tell: Tell) -> Ended:
            from migration_platform.cohort_run import run_cohorts

            tell("Starting Dagster")

            def follow(far: Progress) -> None:
                words = "Stages that have ended" if far.begun else "Starting Dagster"
                tell(words, far.ended, far.total, far.cohorts)

            whole = [c.name for c in own.plan.wave(wave).cohorts] == list(cohorts)
            result = run_cohorts(
                own, cohorts, wave=wave if whole else None, tell=follow
            )  # fmt: skip
            said = (line for cohort in result["cohorts"] for line in _tell_run(cohort))
            return Ended(tuple(said), result["passed"])

        return self.begin(title, wave, person, work)

    def drill(self, wave: str, cohorts: Sequence[str], person: str) -> str:
        """Rehearse the rollback of cohorts, one after the other."""
        title = f"Rehearse the rollback of {', '.join(cohorts)}"

        def work(own: Platform, tell: Tell) -> Ended:
            from migration_platform.rollback.drill import drill

            results = []
            for number, name in enumerate(cohorts):
                tell(f"Rehearsing cohort {name} on a shadow", number, len(cohorts))
                results.append(drill(own, name))
            said = (f"Cohort {each.cohort}: {each.reason}" for each in results)
            return Ended(tuple(said), all(each.passed for each in results))

        return self.begin(title, wave, person, work)

    def search(self, person: str) -> str:
        """Search all patients of the source for second registrations. It decides nothing."""

        def work(own: Platform, tell: Tell) -> Ended:
            from migration_platform.duplicate.search import search_duplicates

            tell("Comparing every patient of the source with every other that is like them")
            return Ended(search_duplicates(own).sentences)

        return self.begin("Search for duplicates", "", person, work)

    def running(self, wave: str) -> Errand | None:
        """What is under way for a wave, or (empty) for all of them."""
        known = [e for e in self._known.values() if (e.wave, e.state) == (wave, "running")]
        return known[-1] if known else None

    def _do(self, number: str, work: Work) -> None:
        def tell(
            words: str, done: int = 0, total: int = 0, cohorts: tuple[CohortProgress, ...] = ()
        ) -> None:
            self._change(number, words=words, done=done, total=total, cohorts=cohorts)

        try:
            with self.lender.lend() as platform:
                ended = work(platform, tell)
            state = "done" if ended.passed else "not passed"
            self._change(number, state=state, ended=ended.lines)
        except (GateClosedError, MigrationError) as error:
            refused = isinstance(error, GateClosedError)
            self._change(
                number,
                state="refused" if refused else "failed",
                ended=tuple(str(error).splitlines()),
            )
        except Exception as error:  # its text may hold a patient's value
            for line in traceback.format_tb(error.__traceback__):
                print(line, end="", flush=True)
            self._change(
                number,
                state="failed",
                ended=(
                    f"{type(error).__name__}: a database failed, or this is a defect. The server's "
                    "log says where in the code. What was not committed was not written.",
                ),
            )
        finally:
            self.shelf.forget()

    def _change(self, number: str, **changes: Any) -> None:
        self._known[number] = replace(self._known[number], **changes)


def _tell_run(cohort: Mapping[str, Any]) -> list[str]:
    """How a cohort's run ended, in words."""
    state = "passed" if cohort["passed"] else "did not pass"
    return [
        f"Cohort {cohort['cohort']} {state}: {cohort['loaded']:,} records loaded "
        f"({cohort['written']:,} written now), {cohort['excepted']:,} in the exception queue, "
        f"{cohort['seconds']:.1f} s.",
        *cohort["reasons"],
    ]


def announce(platform: Platform, wave: str) -> str:
    """Show a promotion in the asset graph. The decision stands, whatever comes of this: returns what
    is to be said of it."""
    for point in entry_points(group="migration_platform.runner", name="announce"):
        try:
            point.load()(platform.settings, wave)
        except (MigrationError, OSError, RuntimeError) as error:
            return (
                f" Dagster could not be told ({type(error).__name__}): materialize wave/promotion "
                f"for {wave} in its pages."
            )
    return ""
