"""Patients: who they are, in which program, and from when to when the company cared for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from migration_platform.sample.dirt import rate
from migration_platform.sample.draws import Bools, Draws, Ints, Keys, pick
from migration_platform.sample.names import FAMILIES, MEN, WOMEN, fold, tear
from migration_platform.sample.places import STATES, STREETS
from migration_platform.sample.practice import Practice
from migration_platform.sample.programs import PROGRAMS, STAGES
from migration_platform.sample.spelling import spell_days, spell_nothing, spell_phones
from migration_platform.sample.text import (
    NEWEST_DAY,
    OLDEST_DAY,
    amounts,
    day_number,
    decimals,
    iso_days,
    nothing,
    only,
)

INTAKE, ACTIVE, PAUSED, CLOSED = range(4)
_WINDOW_DAY = day_number(2024, 6, 30)
"""Records before this day are older than the usual retention window of 24 months."""

_SSN = 1_000_000
_FIRST_NAMES = WOMEN + MEN
_ACCENTED = tuple(name for name in _FIRST_NAMES if not name.isascii())
_CITIES = tuple((s, *city) for s, state in enumerate(STATES) for city in state.cities)


@dataclass(frozen=True, slots=True)
class Patients:
    """A chunk of patients, one position in each array per patient. Days are counted from 1970."""

    index: Keys
    ids: pl.Series
    thin: Bools
    """A second registration: its chart holds little."""
    program: Ints
    state: Ints
    stage: Ints
    provider: Ints
    payer: Ints
    joined: Ints
    left: Ints
    """The last day with care: the newest day of all for active patients."""
    died: Ints
    """0 for the living."""
    late: Bools
    """Has a record after death."""
    email: pl.Series
    digits: pl.Series
    name: pl.Series

    def __len__(self) -> int:
        return len(self.index)


def make_patients(draws: Draws, practice: Practice, index: Keys) -> tuple[Patients, pl.DataFrame]:
    """The patients of these indices, and their rows of the table `patients`."""
    thin = draws.spread("duplicate", index, rate("duplicate patient")) & (index > 0)
    who = np.where(thin, index - np.uint64(1), index)  # the person behind the registration
    tested = draws.spread("test account", index, rate("test account"))
    program = draws.weighted("program", who, [p.weight for p in PROGRAMS])
    state = draws.weighted("state", who, [s.weight for s in STATES])
    late = draws.spread("late", index, rate("record after death"))
    stage, joined, left = _draw_time(draws, index, late)
    died = _draw_death(draws, index, late, stage, joined, left)
    left = np.where(died > 0, np.minimum(left, died), left)
    women = np.array([p.women for p in PROGRAMS])[program]
    woman = draws.unit("sex", who) < women
    names = _name(draws, index, who, woman, thin, tested)
    digits = _phone_digits(draws, "phone", index, state)
    patients = Patients(
        index=index,
        ids=draws.uuids("patient", index),
        thin=thin,
        program=program,
        state=state,
        stage=stage,
        provider=practice.choose(draws, index, state),
        payer=practice.choose_payer(draws, who),
        joined=joined,
        left=left,
        died=died,
        late=late,
        email=names["EMAIL"],
        digits=digits,
        name=names.select(pl.concat_str("FIRST", "LAST", separator=" ")).to_series(),
    )
    return patients, _patient_rows(draws, practice, patients, who, woman, names)


def _draw_time(draws: Draws, index: Keys, late: Bools) -> tuple[Ints, Ints, Ints]:
    """Stage, first and last day of each patient."""
    closed = rate("closed account")
    others = [share * (1 - closed) for share in (0.09, 0.80, 0.11)]
    stage = draws.weighted("stage", index, [*others, closed])
    old = draws.spread("old chart", index, rate("chart older than the retention window"))
    # Whoever is in intake has neither an old chart nor died.
    stage = np.where((old | late) & (stage == INTAKE), ACTIVE, stage)
    unit, span = draws.unit("joined", index), NEWEST_DAY - OLDEST_DAY
    # The company grew: more patients joined lately than long ago.
    joined = NEWEST_DAY - 30 - (unit**2.2 * (span - 30)).astype(np.int64)
    before = unit * (_WINDOW_DAY - 420 - OLDEST_DAY)
    joined = np.where(old, OLDEST_DAY + before.astype(np.int64), joined)
    joined = np.where(stage == INTAKE, NEWEST_DAY - (unit * 45).astype(np.int64), joined)
    joined = np.where(late, np.minimum(joined, NEWEST_DAY - 200), joined)
    part = 0.1 + 0.9 * draws.unit("left", index)
    ended = joined + (part * (NEWEST_DAY - 7 - joined)).astype(np.int64)
    left = np.where((stage == PAUSED) | (stage == CLOSED), ended, NEWEST_DAY)
    return stage, joined, np.where(old, joined + (part * 380).astype(np.int64), left)


def _draw_death(
    draws: Draws, index: Keys, late: Bools, stage: Ints, joined: Ints, left: Ints
) -> Ints:
    """The day of death, 0 for the living: early enough for a record after it."""
    dead = (draws.happens("died", index, 0.01) & (left - joined > 120) & (stage != INTAKE)) | late
    day = joined + (draws.unit("day of death", index) * 0.5 * (left - joined)).astype(np.int64)
    return np.where(dead, np.minimum(day + 20, NEWEST_DAY - 60), 0)


def _phone_digits(draws: Draws, name: str, index: Keys, state: Ints) -> pl.Series:
    """Ten digits with an area code of the state, in the range kept for fiction (555-01xx)."""
    codes = [c for s in STATES for c in s.area_codes]
    first = np.cumsum([0, *(len(s.area_codes) for s in STATES)])
    count = np.diff(first)[state]
    area = pick(codes, first[state] + draws.below(f"{name}/area", index, count))
    last = pl.Series(draws.below(f"{name}/last", index, 100)).cast(pl.String).str.zfill(2)
    return pl.select(pl.concat_str(area, pl.lit("55501"), last)).to_series()


def _name(
    draws: Draws, index: Keys, who: Keys, woman: Bools, thin: Bools, tested: Bools
) -> pl.DataFrame:
    """FIRST, LAST and EMAIL, with mojibake and a duplicate's other spelling."""
    size = (len(WOMEN), len(MEN))
    first = np.where(
        woman,
        draws.below("first/woman", who, size[0]),
        size[0] + draws.below("first/man", who, size[1]),
    )
    torn = draws.spread("mojibake", index, rate("mojibake in a name"))
    accented = draws.below("first/accented", who, len(_ACCENTED))
    family = draws.below("last", who, len(FAMILIES))
    frame = pl.DataFrame(
        {
            "FIRST": pick(_FIRST_NAMES, first),
            "LAST": pick(FAMILIES, family),
            "torn": pick([tear(name) for name in _ACCENTED], accented),
            "mail": pl.select(
                pl.concat_str(
                    pick([fold(n) for n in _FIRST_NAMES], first),
                    pl.lit("."),
                    pick([fold(n) for n in FAMILIES], family),
                    pl.Series(index).cast(pl.String),
                )
            ).to_series(),
            "domain": pick(
                ("example.com", "example.net", "example.org"), draws.below("domain", index, 3)
            ),
            "is_torn": torn,
            "way": np.where(thin, draws.below("spelled", index, 3), 9),
            "tested": tested,
        }
    )
    tested_, way = pl.col("tested"), pl.col("way")
    first_ = pl.when(way == 1).then(pl.col("FIRST").str.head(-1)).otherwise("FIRST")
    last = (
        pl.when(way == 0)
        .then(pl.col("LAST").str.to_uppercase())
        .when(way == 2)
        .then(pl.concat_str("LAST", pl.lit("-Lee")))
        .otherwise("LAST")
    )
    return frame.select(
        pl.when(tested_)
        .then(pl.lit("Portal"))
        .when(pl.col("is_torn"))
        .then("torn")
        .otherwise(first_)
        .alias("FIRST"),
        pl.when(tested_).then(pl.lit("Test")).otherwise(last).alias("LAST"),
        pl.when(tested_)
        .then(pl.concat_str(pl.lit("qa."), "mail", pl.lit("@example.test")))
        .otherwise(pl.concat_str("mail", pl.lit("@"), "domain"))
        .alias("EMAIL"),
    )


def _spell_state(draws: Draws, index: Keys, state: Ints) -> pl.Series:
    kinds = ("code", "in small letters", "in capitals", "as once printed")
    rates = [rate(f"state {'as ' if kind == 'code' else ''}{kind}") for kind in kinds]
    way = draws.weighted("state spelling", index, [1 - sum(rates), *rates])
    forms = [
        form
        for s in STATES
        for form in (s.name, s.code, s.code.lower(), s.name.upper(), s.printed.lower())
    ]
    return pick(forms, state * 5 + way)


def _spell_gender(draws: Draws, index: Keys, woman: Bools) -> pl.Series:
    legacy, unknown = rate("legacy gender"), rate("unknown gender")
    ways = ("M", "Male", "m", "male", "F", "Female", "f", "F ", "U", "9")
    kept = 1 - legacy - unknown
    way = draws.weighted("gender", index, [kept, *[legacy / 3] * 3])
    strange = draws.spread("unknown gender", index, unknown)
    odd = 8 + draws.below("odd gender", index, 2)
    return pick(ways, np.where(strange, odd, way + np.where(woman, 4, 0)))


def _patient_rows(
    draws: Draws,
    practice: Practice,
    patients: Patients,
    who: Keys,
    woman: Bools,
    names: pl.DataFrame,
) -> pl.DataFrame:
    index, state = patients.index, patients.state
    first = np.searchsorted([c[0] for c in _CITIES], np.arange(len(STATES)))
    counts = np.array([len(s.cities) for s in STATES])
    city = first[state] + draws.below("city", who, counts[state])
    born = day_number(1948, 1, 1) + draws.below("born", who, 365 * 53)
    ssn = (who.astype(np.int64) * 618_033 + draws.seed * 104_729 + 314_159) % _SSN
    house = draws.below("house", who, 980) + 1
    street = pick(STREETS, draws.below("street", who, len(STREETS)))
    short = street.str.replace("Street", "St").str.replace("Avenue", "Ave")
    frame = pl.DataFrame({"house": house, "street": street, "short": short, "thin": patients.thin})
    address = frame.select(
        pl.format("{} {}", "house", pl.when(pl.col("thin")).then("short").otherwise("street"))
    ).to_series()
    maiden = draws.happens("maiden", who, 0.15) & woman
    family = pick(FAMILIES, draws.below("maiden name", who, len(FAMILIES)))
    suffix = pick(("Jr.", "Sr.", "III", None), draws.weighted("suffix", who, (1, 1, 1, 97)))
    licence = draws.below("licence", who, 90_000_000) + 10_000_000
    paid = draws.below("expenses", who, 9_000_000)
    birthplace = pick(
        [f"{c[1]}  {STATES[c[0]].name}  US" for c in _CITIES],
        draws.below("birthplace", who, len(_CITIES)),
    )
    digits = pl.Series(ssn).cast(pl.String).str.zfill(6)
    return pl.DataFrame(
        {
            "Id": patients.ids,
            "BIRTHDATE": spell_days(draws, "BIRTHDATE", who, born),
            "DEATHDATE": only(patients.died > 0, iso_days(patients.died)),
            "SSN": pl.select(
                pl.format("999-{}-{}", digits.str.slice(0, 2), digits.str.slice(2, 4))
            ).to_series(),
            "DRIVERS": pl.select(pl.format("S{}", pl.Series(licence))).to_series(),
            "PASSPORT": spell_nothing(draws, "PASSPORT", index, nothing(len(index))),
            "PREFIX": pick(("Mr.", "Ms.", "Mrs."), np.where(woman, np.where(maiden, 2, 1), 0)),
            "FIRST": names["FIRST"],
            "LAST": names["LAST"],
            "SUFFIX": spell_nothing(draws, "SUFFIX", index, suffix),
            "MAIDEN": spell_nothing(draws, "MAIDEN", index, only(maiden, family)),
            "MARITAL": pick(("M", "S", "D", "W"), draws.weighted("marital", who, (48, 38, 11, 3))),
            "RACE": pick(
                ("white", "black", "asian", "native", "hawaiian", "other"),
                draws.weighted("race", who, (66, 14, 9, 2, 1, 8)),
            ),
            "ETHNICITY": pick(
                ("nonhispanic", "hispanic"), draws.weighted("ethnicity", who, (81, 19))
            ),
            "GENDER": _spell_gender(draws, index, woman),
            "BIRTHPLACE": birthplace,
            "ADDRESS": address,
            "CITY": pick([c[1] for c in _CITIES], city),
            "STATE": _spell_state(draws, index, state),
            "COUNTY": pick([c[2] for c in _CITIES], city),
            "ZIP": pick([c[3] for c in _CITIES], city),
            "LAT": decimals(
                np.array([c[4] for c in _CITIES])[city] + draws.unit("lat", who) * 0.08 - 0.04, 6
            ),
            "LON": decimals(
                np.array([c[5] for c in _CITIES])[city] + draws.unit("lon", who) * 0.08 - 0.04, 6
            ),
            "HEALTHCARE_EXPENSES": amounts(paid),
            "HEALTHCARE_COVERAGE": amounts(paid * 3 // 5),
            "PROGRAM": pick([p.name for p in PROGRAMS], patients.program),
            "STAGE": pick(STAGES, patients.stage),
            "PROVIDER": only(
                ~draws.spread("unrouted", index, rate("patient without provider")),
                practice.ids.gather(patients.provider),
            ),
            "PHONE": spell_phones(draws, "PHONE", index, patients.digits),
            "EMAIL": patients.email,
            "TIME_ZONE": pick([s.time_zone for s in STATES], state),
        }
    )
