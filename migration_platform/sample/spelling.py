"""Spelling: how the source platform's text departs from one form, at the rates of `dirt`."""

from __future__ import annotations

import numpy as np
import polars as pl

from migration_platform.sample.dirt import rate
from migration_platform.sample.draws import Draws, Floats, Ints, Keys
from migration_platform.sample.text import DAY, amounts, days, instants

_OFFSETS = (-8 * 3600, -7 * 3600, -5 * 3600, -4 * 3600)


def spell_days(draws: Draws, name: str, key: Keys, numbers: Ints) -> pl.Series:
    """Dates in three formats: ISO, American, with the month's English name."""
    us, month = rate("date as MM/DD/YYYY"), rate("date as DD-Mon-YYYY")
    frame = pl.DataFrame({"day": days(numbers), "unit": draws.unit(f"{name}/format", key)})
    return frame.select(
        pl.when(pl.col("unit") < us)
        .then(pl.col("day").dt.strftime("%m/%d/%Y"))
        .when(pl.col("unit") < us + month)
        .then(pl.col("day").dt.strftime("%d-%b-%Y"))
        .otherwise(pl.col("day").cast(pl.String))
    ).to_series()


def spell_instants(draws: Draws, name: str, key: Keys, seconds: Ints) -> pl.Series:
    """Instants in ISO form, mostly with Z, some with an offset."""
    offset = np.array(_OFFSETS)[draws.below(f"{name}/offset", key, len(_OFFSETS))]
    shifted = draws.happens(f"{name}/shifted", key, rate("timestamp with offset"))
    frame = pl.DataFrame(
        {
            "local": instants(np.where(shifted, seconds + offset, seconds)),
            "hours": np.where(shifted, -offset // 3600, 0),
        }
    )
    iso = pl.col("local").dt.strftime("%Y-%m-%dT%H:%M:%S")
    return frame.select(
        pl.when(pl.col("hours") == 0)
        .then(pl.concat_str(iso, pl.lit("Z")))
        .otherwise(pl.format("{}-0{}:00", iso, "hours"))
    ).to_series()


def spell_phones(draws: Draws, name: str, key: Keys, digits: pl.Series) -> pl.Series:
    """Ten digits in one of six spellings."""
    plain = 1 - rate("phone spelling")
    others = [rate("phone spelling") / 5] * 5
    frame = pl.DataFrame(
        {"digits": digits, "way": draws.weighted(f"{name}/spelling", key, [plain, *others])}
    )
    area, first, last = (pl.col("digits").str.slice(*part) for part in ((0, 3), (3, 3), (6, 4)))
    ways = (
        pl.format("({}) {}-{}", area, first, last),
        pl.format("{}-{}-{}", area, first, last),
        pl.format("{}.{}.{}", area, first, last),
        pl.format("+1 {} {} {}", area, first, last),
        pl.format("1-{}-{}-{}", area, first, last),
        pl.col("digits"),
    )
    chosen = [pl.when(pl.col("way") == number).then(way) for number, way in enumerate(ways)]
    return frame.select(pl.coalesce(chosen)).to_series()


def spell_amounts(draws: Draws, name: str, key: Keys, cents: Ints) -> pl.Series:
    """Amounts as text: plain, with a currency sign and separators, with one decimal."""
    sign, short = rate("amount with currency sign"), rate("amount with one decimal")
    unit = draws.unit(f"{name}/amount", key)
    frame = pl.DataFrame({"plain": amounts(cents), "unit": unit, "even": cents % 10 == 0})
    separated = pl.col("plain").str.replace(r"^(\d+)(\d{3}\.)", "${1},${2}")
    return frame.select(
        pl.when(pl.col("unit") < sign)
        .then(pl.concat_str(pl.lit("$"), separated))
        .when(pl.col("even") & (pl.col("unit") < sign + short))
        .then(pl.col("plain").str.slice(0, pl.col("plain").str.len_chars() - 1))
        .otherwise(pl.col("plain"))
    ).to_series()


def spell_nothing(draws: Draws, name: str, key: Keys, values: pl.Series) -> pl.Series:
    """Where there is no value: NULL, or an empty string."""
    empty = draws.happens(f"{name}/empty", key, rate("empty text for no value"))
    frame = pl.DataFrame({"value": values, "empty": empty})
    return frame.select(
        pl.when(pl.col("value").is_null() & pl.col("empty"))
        .then(pl.lit(""))
        .otherwise(pl.col("value"))
    ).to_series()


def at_time_of_day(day: Ints, unit: Floats) -> Ints:
    """An instant on that day between 12:00 and 23:00 UTC: American office hours."""
    return day * DAY + 43_200 + (unit * 11 * 3600).astype(np.int64)
