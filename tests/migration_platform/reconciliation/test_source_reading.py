"""Two ways from text to value: where the mapping has one, reconciliation's own reading agrees.

The texts are drawn at random from what platforms write and from what breaks parsers. A record that
the mapping refuses is not compared; one that it maps must be read alike.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from migration_platform.entity import Translation, Type
from migration_platform.reconciliation.mangled_text import WHITE_SPACE
from migration_platform.translation import (
    boolean,
    code,
    constant,
    date,
    decimal,
    email,
    first_of,
    identifier,
    instant,
    integer,
    local_time,
    money,
    number_within,
    phone,
    postal_code,
    text,
)
from tests.migration_platform.reconciliation.conftest import Prove

STATES = Path(__file__).parents[3] / "assets/entities/code_maps/state.csv"
SPACES = ["", " ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2009", "\u3000", "\u0085", "\ufeff"]
DAYS = ["2024-03-09", "2024-02-29", "2023-02-29", "0000-01-01", "9999-12-31", "03/09/2024",
        "3/9/2024", "13/01/2024", "09-Mar-2024", "9-mar-2024", "31-Feb-2024", "2024", "1900",
        "20240309", "2024/03/09", "24-03-09", "2024-3-9"]  # fmt: skip
CLOCKS = ["15:04:05", "15:04", "00:00:00", "23:59:59.999999", "24:00:00", "01:30:00", "02:30:00",
          "15:04:05.1", "15:04:05.1234567", "25:00", "12:00:61"]  # fmt: skip
ZONES = ["Z", "z", "", "+00:00", "-05:00", "+0530", "+05", " +01:00", "-14:00", " Z"]
NUMBERS = ["0", "-0", "007", "12", "12.", ".5", "-.5", "+5", "1.5", "-3", "1e3", "1_000", "1.123456",
           "1.1234567", "1.1234560", "123456789012.5", "1234567890123", "999999999999999999",
           "1,234.50", "$1,234.50", "-$5", "$-5", "(12.00)", "($12)", "USD 12", "12 usd", "--1",
           "$", "()", "1,2,3", "NaN", "inf", "١٢", "0x10", "1.000000000000000000000001"]  # fmt: skip
LETTERS = ["a", "Z", "é", "É", "ß", "Σ", "İ", "ı", "-", "'", "Ã", "©", "â", "€", "™", "\u00a0", "\u0080",
           "Â", "ð", "Ÿ", "˜", "…", "日", "😀", "\u0301", "ƒ", "‚", "à", "\u200b"]  # fmt: skip
WORDS = [
    "José",
    "Zoë",
    "naïve",
    "à",
    "Łódź",
    "日本",
    "😀",
    "“x”",
    "plain",
    "O'Brien",
    "\u00a0",
    "à ",
]


def spaced(draw: random.Random, value: str) -> str:
    if draw.random() < 0.6:
        return value
    return draw.choice(SPACES) + value + draw.choice(SPACES)


def mangle(value: str, how: str) -> str:
    """The text in UTF-8, read as Windows-1252 (undefined bytes as Latin-1 has them) or Latin-1."""
    read = value.encode().decode("latin-1")
    if how == "latin-1":
        return read
    return "".join(bytes([ord(c)]).decode("cp1252", errors="ignore") or c for c in read)


def days(draw: random.Random) -> str:
    return draw.choice(DAYS)


def instants(draw: random.Random) -> str:
    if draw.random() < 0.2:
        return draw.choice([*DAYS, "03/09/2024 3:04 PM", "3/9/2024 12:04am", "3/9/2024 13:04 PM"])
    return draw.choice(DAYS) + draw.choice("T  ") + draw.choice(CLOCKS) + draw.choice(ZONES)


def walls(draw: random.Random) -> str:
    """Times around the hours that the clocks of New York skip and repeat, and any other."""
    if draw.random() < 0.3:
        return instants(draw)
    day = draw.choice(["2024-03-10", "2024-11-03", "2023-11-05", "2024-07-01", "1999-04-04"])
    clock = f"{draw.randrange(5):02}:{draw.choice((0, 29, 30, 59)):02}:{draw.choice((0, 1, 59)):02}"
    return f"{day}{draw.choice(' T')}{clock}"


def numbers(draw: random.Random) -> str:
    if draw.random() < 0.5:
        return f"{draw.uniform(-1e6, 1e6):.{draw.randrange(9)}f}"
    return draw.choice(NUMBERS)


def words(draw: random.Random) -> str:
    if draw.random() < 0.5:
        return "".join(draw.choices(LETTERS, k=draw.randrange(6)))
    value = " ".join(draw.choices(WORDS, k=draw.randrange(1, 4)))
    for _ in range(draw.randrange(4)):
        value = mangle(value, draw.choice(["latin-1", "cp1252"]))
    return value


def phones(draw: random.Random) -> str:
    digits = "".join(draw.choices("0123456789", k=draw.choice((7, 9, 10, 10, 10, 11, 12, 15))))
    ways = [
        "({}{}{}) {}{}{}-",
        "{}{}{}.{}{}{}.",
        "+1 {}{}{} {}{}{} ",
        "1-{}{}{}-{}{}{}-",
        "+44",
        "",
    ]
    way = draw.choice(ways)
    return way.format(*digits[:6]) + digits[6:] if "{" in way else way + digits


def emails(draw: random.Random) -> str:
    name = "".join(draw.choices([*LETTERS, "x", "Q", "."], k=draw.randrange(5)))
    return name + draw.choice(["@Example.org", "@b", "", "@x.Y.z", "@Σ.GR"])


def zips(draw: random.Random) -> str:
    one = "".join(draw.choices("0123456789", k=draw.randrange(2, 10)))
    return one + draw.choice(["", "", "-1234", " 1234", "-12"])


def codes(draw: random.Random) -> str:
    value = draw.choice(
        ["MA", "Massachusetts", "Hawaiʻi", "D.C.", "Washington, D.C.", "XX", "Mass."]
    )
    return draw.choice([value, value.lower(), value.upper()])


def answers(draw: random.Random) -> str:
    return draw.choice(["true", "T", "YES", "y", "1", "False", "f", "no", "N", "0", "maybe", "2"])


Texts = Callable[[random.Random], str]

CASES: list[tuple[str, Translation, Type, Texts]] = [
    ("text", text("X"), "text", words),
    ("identifier", identifier("X"), "text", words),
    ("identifier absent", identifier("X", absent=("0", "1e3")), "text", numbers),
    ("date", date("X"), "date", instants),
    ("days", date("X", ("iso", "us", "day-month", "year start")), "date", days),
    ("year end", date("X", ("year end", "iso"), absent=("1900",)), "date", days),
    ("instant", instant("X", absent=("2024",)), "timestamp", instants),
    ("local", local_time("X", "America/New_York"), "timestamp", walls),
    ("half an hour", local_time("X", "Australia/Lord_Howe"), "timestamp", walls),
    ("money", money("X"), "decimal", numbers),
    ("decimal", decimal("X"), "decimal", numbers),
    ("number within", number_within("X"), "decimal", lambda d: d.choice((numbers, words))(d)),
    ("integer", integer("X"), "integer", numbers),
    ("phone", phone("X"), "text", phones),
    ("email", email("X"), "text", emails),
    ("postal code", postal_code("X"), "text", zips),
    ("code", code("X", STATES), "text", codes),
    ("boolean", boolean("X"), "boolean", answers),
    ("constant", constant("US"), "text", words),
    ("first of", first_of(date("X"), date("X", ("year end",))), "date", days),
]


@pytest.mark.parametrize(("name", "translation", "kind", "texts"), CASES, ids=[c[0] for c in CASES])
def test_what_the_mapping_takes_is_read_alike(
    prove: Prove, name: str, translation: Translation, kind: Type, texts: Texts
) -> None:
    draw = random.Random(name)
    given = [None, "", " ", *(spaced(draw, texts(draw)) for _ in range(1500))]

    proved = prove(translation, given, kind=kind)

    assert proved.differences == []
    assert proved.result.compared == proved.mapped
    assert proved.mapped > 150
    assert proved.result.unproven == ()


def test_the_same_counts_as_white_space_on_both_ways() -> None:
    every = pl.Series([chr(n) for n in range(1, 0x110000) if not 0xD800 <= n < 0xE000])
    stripped = every.filter(every.str.strip_chars() == "")

    assert sorted(stripped) == sorted(WHITE_SPACE)
