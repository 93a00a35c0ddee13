"""The practice: organizations, providers and payers, to whom patients and records refer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from migration_platform.sample.dirt import rate
from migration_platform.sample.draws import Bools, Draws, Ints, Keys, child_keys, pick
from migration_platform.sample.names import FAMILIES, MEN, WOMEN
from migration_platform.sample.places import STATES
from migration_platform.sample.programs import PROGRAMS
from migration_platform.sample.text import amounts, decimals, numbers

_GROUPS = (
    "Northwind Telehealth Medical Group", "Harborview Virtual Care PC", "Juniper Health Partners",
    "Bluestem Online Clinic", "Cedar and Pine Behavioral Health", "Lakeshore Digital Dermatology",
    "Summit Metabolic Medicine", "Riverbend Women's Health", "Prairie Virtual Physicians",
    "Golden Gate Telemedicine PC", "Lone Star Remote Care PLLC", "Sunrise Connected Care",
)  # fmt: skip

_PAYERS = (
    ("Medicare", "7500 Security Blvd", "Baltimore", "MD", "21244", "1-800-633-4227", 6),
    ("Medicaid", "7500 Security Blvd", "Baltimore", "MD", "21244", "1-877-267-2323", 9),
    ("Humana", "500 West Main St", "Louisville", "KY", "40018", "1-844-330-7799", 8),
    ("Blue Cross Blue Shield", "Michigan Plaza", "Chicago", "IL", "60007", "1-800-262-2583", 20),
    ("UnitedHealthcare", "9800 Healthcare Lane", "Minnetonka", "MN", "55436", "1-888-545-5205", 15),
    ("Aetna", "151 Farmington Ave", "Hartford", "CT", "06156", "1-800-872-3862", 12),
    ("Cigna Health", "900 Cottage Grove Rd", "Bloomfield", "CT", "06002", "1-800-997-1654", 10),
    ("Anthem", "220 Virginia Ave", "Indianapolis", "IN", "46204", "1-800-331-1476", 8),
    ("NO_INSURANCE", None, None, None, None, None, 12),
)
NO_INSURANCE = len(_PAYERS) - 1
"""The position of the payer that stands for patients who pay themselves."""

_CREDENTIALS = (("MD", 40), ("DO", 14), ("NP", 30), ("PA-C", 16))
_PHYSICIANS = 2
"""The first two credentials are physicians', who co-sign for the others."""


@dataclass(frozen=True, slots=True)
class Practice:
    """Whom records refer to, by position."""

    ids: pl.Series
    organization_ids: pl.Series
    payer_ids: pl.Series
    organization: Ints
    """Each provider's organization."""
    physician: Bools
    supervisor: Ints
    """A physician for each provider: the provider's own position if one already."""
    licensed: tuple[Ints, ...]
    """By state, the providers who may treat patients there."""

    def choose(self, draws: Draws, index: Keys, state: Ints) -> Ints:
        """A provider for each patient, licensed in the patient's state."""
        everyone = np.concatenate(self.licensed)
        counts = np.array([len(each) for each in self.licensed])
        first = np.cumsum(counts) - counts
        return np.asarray(everyone[first[state] + draws.below("provider", index, counts[state])])

    def choose_payer(self, draws: Draws, key: Keys) -> Ints:
        """A payer for each patient."""
        return draws.weighted("payer", key, [payer[-1] for payer in _PAYERS])


def make_practice(draws: Draws, patients: int) -> tuple[Practice, dict[str, pl.DataFrame]]:
    """The practice of a company with that many patients, and its tables."""
    count = min(24 + patients // 400, 3000)
    key = np.arange(count, dtype=np.uint64)
    home = np.arange(count, dtype=np.int64) % len(STATES)
    place = np.arange(len(STATES), dtype=np.uint64)
    licenses = draws.happens("license", child_keys(key[:, None], place), 0.2)
    licenses[np.arange(count), home] = True
    credential = draws.weighted("credential", key, [weight for _, weight in _CREDENTIALS])
    credential[0] = 0  # somebody can always co-sign
    physician = credential < _PHYSICIANS
    positions = np.flatnonzero(physician)
    supervisor = np.where(
        physician, np.arange(count), positions[draws.below("supervisor", key, len(positions))]
    )
    groups = np.arange(len(_GROUPS), dtype=np.uint64)
    practice = Practice(
        ids=draws.uuids("provider", key),
        organization_ids=draws.uuids("organization", groups),
        payer_ids=draws.uuids("payer", np.arange(len(_PAYERS), dtype=np.uint64)),
        organization=draws.below("organization", key, len(_GROUPS)),
        physician=physician,
        supervisor=supervisor,
        licensed=tuple(np.flatnonzero(licenses[:, s]) for s in range(len(STATES))),
    )
    tables = {
        "organizations": _organizations(draws, practice, groups),
        "payers": _payers(draws, practice),
        "providers": _providers(draws, practice, key, home, licenses, credential),
    }
    return practice, tables


def make_npi(number: Ints) -> pl.Series:
    """Ten digits that begin with 1 and end in the check digit of the NPI (Luhn after 80840)."""
    stem = 100_000_000 + number % 100_000_000
    total = np.full(len(stem), 24, dtype=np.int64)  # what the prefix 80840 adds
    rest = stem.copy()
    for place in range(9):
        digit = rest % 10
        rest //= 10
        if place % 2 == 0:
            digit = digit * 2
            digit = digit - 9 * (digit > 9)
        total += digit
    return numbers(stem * 10 + (10 - total % 10) % 10)


def _organizations(draws: Draws, practice: Practice, key: Keys) -> pl.DataFrame:
    state = np.arange(len(_GROUPS)) % len(STATES)
    return pl.DataFrame(
        {
            "Id": practice.organization_ids,
            "NAME": pl.Series(_GROUPS),
            "ADDRESS": pl.Series([f"{100 + 25 * n} Market Street" for n in range(len(_GROUPS))]),
            **_place(state),
            "PHONE": pl.Series([f"{STATES[s].area_codes[0]}555{100 + s:04d}" for s in state]),
            "REVENUE": amounts(draws.below("revenue", key, 900_000_000)),
            "UTILIZATION": numbers(draws.below("utilization", key, 90_000)),
        }
    )


def _payers(draws: Draws, practice: Practice) -> pl.DataFrame:
    key = np.arange(len(_PAYERS), dtype=np.uint64)
    money = {
        name: amounts(draws.below(name, key, 500_000_000))
        for name in ("AMOUNT_COVERED", "AMOUNT_UNCOVERED", "REVENUE")
    }
    counted = {
        name: numbers(draws.below(name, key, 50_000))
        for name in (
            "COVERED_ENCOUNTERS", "UNCOVERED_ENCOUNTERS", "COVERED_MEDICATIONS",
            "UNCOVERED_MEDICATIONS", "COVERED_PROCEDURES", "UNCOVERED_PROCEDURES",
            "COVERED_IMMUNIZATIONS", "UNCOVERED_IMMUNIZATIONS", "UNIQUE_CUSTOMERS",
        )
    }  # fmt: skip
    columns = ("NAME", "ADDRESS", "CITY", "STATE_HEADQUARTERED", "ZIP", "PHONE")
    words = {
        name: pl.Series([payer[place] for payer in _PAYERS], dtype=pl.String)
        for place, name in enumerate(columns)
    }
    return pl.DataFrame(
        {
            "Id": practice.payer_ids,
            **words,
            **money,
            **counted,
            "QOLS_AVG": decimals(draws.unit("QOLS_AVG", key), 4),
            "MEMBER_MONTHS": numbers(draws.below("MEMBER_MONTHS", key, 90_000)),
        }
    )


def _providers(
    draws: Draws, practice: Practice, key: Keys, home: Ints, licenses: Bools, credential: Ints
) -> pl.DataFrame:
    woman = draws.happens("provider/sex", key, 0.6)
    first = pick(WOMEN + MEN, draws.below("provider/first", key, 50) + np.where(woman, 0, 50))
    last = pick(FAMILIES, draws.below("provider/last", key, len(FAMILIES)))
    specialties = (*(p.specialty for p in PROGRAMS), "FAMILY MEDICINE")
    codes = np.array([s.code for s in STATES])
    number = draws.below("npi", np.zeros(1, dtype=np.uint64), 50_000_000) + key.astype(np.int64)
    rows = pl.DataFrame(
        {
            "Id": practice.ids,
            "ORGANIZATION": practice.organization_ids.gather(practice.organization),
            "NAME": pl.select(pl.concat_str(first, last, separator=" ")).to_series(),
            "GENDER": pick(("M", "F"), woman.astype(np.int64)),
            "SPECIALITY": pick(specialties, draws.below("specialty", key, len(specialties))),
            "ADDRESS": pl.Series([f"{100 + 25 * o} Market Street" for o in practice.organization]),
            **_place(home),
            "UTILIZATION": numbers(draws.below("provider/utilization", key, 900)),
            "NPI": make_npi(number * 37),
            "CREDENTIALS": pick([name for name, _ in _CREDENTIALS], credential),
            "LICENSE_STATES": pl.Series([";".join(codes[row]) for row in licenses]),
        }
    )
    repeated = draws.spread("repeated provider", key, rate("repeated provider"))
    return pl.concat([rows, rows.filter(pl.Series(repeated))])


def _place(state: Ints) -> dict[str, pl.Series]:
    cities = [STATES[s].cities[0] for s in state]
    return {
        "CITY": pl.Series([c[0] for c in cities]),
        "STATE": pick([s.code for s in STATES], state),
        "ZIP": pl.Series([c[2] for c in cities]),
        "LAT": pl.Series([str(c[3]) for c in cities]),
        "LON": pl.Series([str(c[4]) for c in cities]),
    }
