"""Observations: vital signs, laboratory results and questionnaires, taken at encounters."""

from __future__ import annotations

import numpy as np
import polars as pl

from migration_platform.sample.dirt import rate
from migration_platform.sample.draws import Draws, Ints, child_keys, expand, pick
from migration_platform.sample.people import Patients
from migration_platform.sample.programs import PROGRAMS
from migration_platform.sample.text import choose, decimals, iso_instants
from migration_platform.sample.visits import Catalogue, Visits

_MEASURES = [measure for program in PROGRAMS for measure in program.measures]
_LIST = Catalogue.of([tuple((m.code, m.description) for m in p.measures) for p in PROGRAMS])


def make_observations(draws: Draws, patients: Patients, visits: Visits) -> pl.DataFrame:
    """One to four an encounter, with a few orphans and a few rows that stand there twice."""
    visit, number = expand(1 + draws.below("observations", visits.keys, 4))
    key = child_keys(visits.keys[visit], number, 8)
    patient = visits.patient[visit]
    offset = draws.below("observation", visits.keys, 8)[visit]
    measure = _LIST.position(patients.program[patient], offset + number)
    rows = pl.DataFrame(
        {
            "DATE": iso_instants(visits.start[visit] + 60),
            "PATIENT": patients.ids.gather(patient),
            "ENCOUNTER": visits.ids.gather(visit),
            "CATEGORY": pick([m.category for m in _MEASURES], measure),
            "CODE": pick(_LIST.codes, measure),
            "DESCRIPTION": pick(_LIST.descriptions, measure),
            "VALUE": _values(draws.unit("value", key), measure),
            "UNITS": pick([m.units or None for m in _MEASURES], measure),
            "TYPE": pick(["text" if m.words else "numeric" for m in _MEASURES], measure),
        }
    )
    first = (visits.number[visit] == 0) & (number == 0)

    def chosen(kind: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """The first observation of the patients whom this kind of dirt takes."""
        return np.asarray(first & draws.spread(kind, patients.index, rate(kind))[patient])

    nobody, nowhere = chosen("orphan of no patient"), chosen("orphan of no encounter")
    rows = rows.with_columns(
        choose(nobody, draws.uuids("nobody", key), rows["PATIENT"]).alias("PATIENT"),
        choose(nowhere, draws.uuids("nowhere", key), rows["ENCOUNTER"]).alias("ENCOUNTER"),
    )
    return pl.concat([rows, rows.filter(pl.Series(chosen("repeated observation")))])


def _values(unit: np.ndarray[tuple[int], np.dtype[np.float64]], measure: Ints) -> pl.Series:
    low = np.array([m.low for m in _MEASURES])[measure]
    high = np.array([m.high for m in _MEASURES])[measure]
    digits = np.array([m.digits for m in _MEASURES])[measure]
    value = low + unit * (high - low)
    words = [m.words or ("",) for m in _MEASURES]
    count = np.array([len(each) for each in words])
    first = np.cumsum(count) - count
    word = first[measure] + np.floor(unit * count[measure]).astype(np.int64)
    frame = pl.DataFrame(
        {
            "digits": digits,
            "0": decimals(value, 0),
            "1": decimals(value, 1),
            "2": decimals(value, 2),
            "word": pick([w for each in words for w in each], word),
            "is_word": np.array([bool(m.words) for m in _MEASURES])[measure],
        }
    )
    return frame.select(
        pl.when("is_word")
        .then("word")
        .when(pl.col("digits") == 0)
        .then("0")
        .when(pl.col("digits") == 1)
        .then("1")
        .otherwise("2")
    ).to_series()
