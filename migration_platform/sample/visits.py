"""Encounters: when each patient was seen, by whom, why and for how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from migration_platform.sample.dirt import rate
from migration_platform.sample.draws import Bools, Draws, Ints, Keys, child_keys, expand, pick
from migration_platform.sample.people import INTAKE, Patients
from migration_platform.sample.practice import NO_INSURANCE, Practice
from migration_platform.sample.programs import PROGRAMS, VISITS, Coded
from migration_platform.sample.spelling import at_time_of_day, spell_instants, spell_nothing
from migration_platform.sample.text import amounts, only

MOST = 16
"""Encounters that a patient may have."""

LEGACY_CLASS = "TELEVISIT"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The programs' lists of one kind, joined, so that a draw can pick from any by position."""

    codes: tuple[str, ...]
    descriptions: tuple[str, ...]
    first: Ints
    count: Ints

    @classmethod
    def of(cls, lists: list[tuple[Coded, ...]]) -> Catalogue:
        """`lists` has one list per program."""
        count = np.array([len(each) for each in lists], dtype=np.int64)
        return cls(
            codes=tuple(code for each in lists for code, _ in each),
            descriptions=tuple(words for each in lists for _, words in each),
            first=np.cumsum(count) - count,
            count=count,
        )

    def position(self, program: Ints, number: Ints) -> Ints:
        """The `number`-th entry of each program's list, around and around."""
        return np.asarray(self.first[program] + number % self.count[program])


REASONS = Catalogue.of([p.conditions for p in PROGRAMS])


@dataclass(frozen=True, slots=True)
class Visits:
    """A chunk's encounters, one position in each array per encounter."""

    keys: Keys
    ids: pl.Series
    patient: Ints
    """The patient's position in the chunk."""
    number: Ints
    start: Ints
    stop: Ints
    provider: Ints
    kind: Ints
    reason: Ints
    """Position in `REASONS`; -1 without one."""
    cents: Ints
    covered: Ints
    first: Ints
    """By patient: the position of the first encounter."""
    count: Ints
    """By patient: how many encounters."""

    def any_of(self, draws: Draws, name: str, key: Keys, patient: Ints) -> Ints:
        """One encounter's position, for patients who have any."""
        return self.first[patient] + draws.below(name, key, self.count[patient])


def make_visits(
    draws: Draws, practice: Practice, patients: Patients
) -> tuple[Visits, pl.DataFrame]:
    """The patients' encounters, and the table's rows."""
    count = _count(draws, patients)
    patient, number = expand(count)
    key = child_keys(patients.index[patient], number)
    start = _start(draws, patients, key, patient, number, count)
    kind = draws.weighted("visit kind", key, (46, 12, 16, 12, 10, 4))
    provider = np.where(
        draws.happens("other provider", key, 0.2),
        practice.choose(draws, key, patients.state[patient]),
        patients.provider[patient],
    )
    reason = REASONS.position(
        patients.program[patient], (draws.unit("reason", key) ** 2 * 4).astype(np.int64)
    )
    base = np.array([v[3] for v in VISITS], dtype=np.int64)[kind]
    cents = base + draws.below("visit extras", key, 12_000)
    share = np.minimum(60 + draws.below("share", key, 80), 100)
    share = np.where(patients.payer[patient] == NO_INSURANCE, 0, share)
    visits = Visits(
        keys=key,
        ids=draws.uuids("encounter", key),
        patient=patient,
        number=number,
        start=start,
        stop=start + 600 + draws.below("visit length", key, 2100),
        provider=provider,
        kind=kind,
        reason=np.where(draws.happens("no reason", key, 0.25), -1, reason),
        cents=cents,
        covered=cents * share // 100,
        first=np.cumsum(count) - count,
        count=count,
    )
    return visits, _encounter_rows(draws, practice, patients, visits, base)


def _count(draws: Draws, patients: Patients) -> Ints:
    span = patients.left - patients.joined
    usual = 1 + (draws.unit("visits", patients.index) * 1.3 * span / 90).astype(np.int64)
    usual = np.where(patients.thin, 1, np.minimum(usual, MOST))
    usual = np.where(patients.late, np.clip(usual, 2, MOST), usual)
    begun = draws.happens("first visit", patients.index, 0.5).astype(np.int64)
    return np.where(patients.stage == INTAKE, begun, usual)


def _start(
    draws: Draws, patients: Patients, key: Keys, patient: Ints, number: Ints, count: Ints
) -> Ints:
    joined, span = patients.joined[patient], (patients.left - patients.joined)[patient]
    part = np.maximum(number - 0.5 * draws.unit("visit day", key), 0)
    day = joined + (span * part / np.maximum(count[patient] - 1, 1)).astype(np.int64)
    last = number == count[patient] - 1
    after = patients.died[patient] + 10 + draws.below("after death", key, 30)
    day = np.where(patients.late[patient] & last, after, day)
    return at_time_of_day(day, draws.unit("visit time", key))


def _encounter_rows(
    draws: Draws, practice: Practice, patients: Patients, visits: Visits, base: Ints
) -> pl.DataFrame:
    key, patient = visits.keys, visits.patient
    legacy = draws.happens("legacy class", key, rate("legacy encounter class"))
    kinds = (*(v[0] for v in VISITS), LEGACY_CLASS)
    alone = draws.spread("no provider", patients.index, rate("encounter without provider"))
    provided: Bools = ~(alone[patient] & (visits.number == 0))
    with_reason = visits.reason >= 0
    words = only(with_reason, pick(REASONS.descriptions, visits.reason))
    return pl.DataFrame(
        {
            "Id": visits.ids,
            "START": spell_instants(draws, "encounters.START", key, visits.start),
            "STOP": spell_instants(draws, "encounters.STOP", key, visits.stop),
            "PATIENT": patients.ids.gather(patient),
            "ORGANIZATION": practice.organization_ids.gather(
                practice.organization[visits.provider]
            ),
            "PROVIDER": only(provided, practice.ids.gather(visits.provider)),
            "PAYER": practice.payer_ids.gather(patients.payer[patient]),
            "ENCOUNTERCLASS": pick(kinds, np.where(legacy, len(VISITS), visits.kind)),
            "CODE": pick([v[1] for v in VISITS], visits.kind),
            "DESCRIPTION": pick([v[2] for v in VISITS], visits.kind),
            "BASE_ENCOUNTER_COST": amounts(base),
            "TOTAL_CLAIM_COST": amounts(visits.cents),
            "PAYER_COVERAGE": amounts(visits.covered),
            "REASONCODE": only(with_reason, pick(REASONS.codes, visits.reason)),
            "REASONDESCRIPTION": spell_nothing(draws, "encounters.REASONDESCRIPTION", key, words),
        }
    )
