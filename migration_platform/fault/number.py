"""Number: rounding, narrowing, signs, units, scale, overflow, and yes and no.

A decimal's canonical form is exact text without trailing zeros; an integer is an int.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from migration_platform.entity import Type
from migration_platform.fault.fault import (
    NUMBER,
    UNFIT,
    Fault,
    Row,
    Value,
    _Unfit,
    fault,
)
from migration_platform.fault.key import lose

LARGEST = 999_999_999_999
"""Before the point: what a destination's decimal holds (18 digits, 6 of them behind the point)."""


def plain(number: Decimal) -> str:
    """The canonical text of a decimal."""
    if number == 0:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _of_number(
    change: Callable[[Decimal, Random], Decimal | None],
) -> Callable[[Any, Random], Value | _Unfit]:
    """A mutator of decimals and integers; for an integer, what it gives must be whole."""

    def mutate(value: Any, random: Random) -> Value | _Unfit:
        if value is None or isinstance(value, bool):
            return UNFIT
        number = Decimal(value)
        changed = change(number, random)
        if changed is None or changed == number:
            return UNFIT
        if isinstance(value, int):
            return int(changed) if changed == int(changed) and abs(changed) < 2**63 else UNFIT
        return plain(changed)

    return mutate


def _cents(random: Random) -> Value:
    return plain(Decimal(random.randint(100, 10**7) * 100 + random.randint(1, 99)) / 100)


def _fine(random: Random) -> Value:
    """A decimal with six places, none of them zero."""
    return f"{random.randint(1, 999)}.{''.join(random.choices('123456789', k=6))}"


def _whole(random: Random) -> int:
    return random.randint(1000, 10**6)


def _round(places: str, rounding: str) -> Callable[[Decimal, Random], Decimal]:
    return lambda number, random: number.quantize(Decimal(places), rounding)


def _narrow(number: Decimal, random: Random) -> Decimal:
    """Through a float of 32 bits."""
    value: float = struct.unpack("f", struct.pack("f", float(number)))[0]
    return Decimal(repr(value))


def _widest(random: Random) -> Value:
    """More digits than a float of 64 bits holds."""
    return f"{random.randint(LARGEST // 2, LARGEST - 1)}.{''.join(random.choices('1379', k=6))}"


def _through_double(number: Decimal, random: Random) -> Decimal:
    return Decimal(str(float(number))) if abs(number) < 10**30 else number


def _next_float(number: Decimal, random: Random) -> Decimal:
    """The neighbour of the number among floats of 64 bits, written out."""
    bits = struct.unpack("<q", struct.pack("<d", float(number)))[0]
    value: float = struct.unpack("<d", struct.pack("<q", bits + random.choice([-1, 1])))[0]
    return Decimal(repr(value))


def _offset(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """One record gets what the other loses: the total stays."""
    a, b = rows[0][names[0]], rows[1][names[0]]
    if a is None or b is None or isinstance(a, bool) or isinstance(b, bool):
        return None
    by = Decimal(random.randint(1, 500))
    one, two = Decimal(str(a)) + by, Decimal(str(b)) - by
    if isinstance(a, int):
        return [{**rows[0], names[0]: int(one)}, {**rows[1], names[0]: int(two)}]
    return [{**rows[0], names[0]: plain(one)}, {**rows[1], names[0]: plain(two)}]


def _swap_rows(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    name = names[0]
    if rows[0][name] == rows[1][name]:
        return None
    return [{**rows[0], name: rows[1][name]}, {**rows[1], name: rows[0][name]}]


def _draw_each(make: Callable[[Random], Value]) -> Callable[..., list[Row]]:
    return lambda rows, names, random: [{**r, names[0]: make(random)} for r in rows]


def _factor(*factors: str) -> Callable[[Decimal, Random], Decimal]:
    return lambda number, random: number * Decimal(random.choice(factors))


def _wrap(bits: int) -> Callable[[Decimal, Random], Decimal | None]:
    """What is left of a whole number in `bits` bits with a sign."""

    def change(number: Decimal, random: Random) -> Decimal | None:
        if number != int(number):
            return None
        half = 1 << (bits - 1)
        return Decimal((int(number) + half) % (1 << bits) - half)

    return change


def _to_text(*words: str) -> Callable[[Any, Random], Value | _Unfit]:
    return lambda value, random: UNFIT if value is None else random.choice(words)


def _group_digits(value: Any, random: Random) -> Value | _Unfit:
    """A decimal point taken for a sign between thousands."""
    return UNFIT if not isinstance(value, str) or "." not in value else value.replace(".", "")


DECIMAL: tuple[Type, ...] = ("decimal",)
INTEGER: tuple[Type, ...] = ("integer",)
BOOLEAN: tuple[Type, ...] = ("boolean",)

CHANGES: Sequence[
    tuple[
        str, str, Sequence[str], Callable[[Decimal, Random], Decimal | None], tuple[Type, ...],
        Callable[[Random], Value],
    ]
] = (
    ("rounded to cents", "rounded to two places", ("rounding of decimal",),
     _round("0.01", ROUND_HALF_UP), DECIMAL, _fine),
    ("rounded to whole", "rounded to a whole number", ("rounding of decimal",),
     _round("1", ROUND_HALF_UP), DECIMAL, _cents),
    ("cut to cents", "places behind the second were cut", ("scale/precision change",),
     _round("0.01", ROUND_DOWN), DECIMAL, _fine),
    ("cents lost", "the cents were cut", ("currency cents",),
     _round("1", ROUND_DOWN), DECIMAL, _cents),
    ("cents for units", "an amount in cents where one in units was sent, or back",
     ("currency cents",), _factor("100", "0.01"), DECIMAL, _cents),
    ("narrowed to 32 bits", "went through a float of 32 bits", ("float32 narrowing",),
     _narrow, DECIMAL, _fine),
    ("narrowed to 64 bits", "more digits than a float of 64 bits holds",
     ("> 2^53 and > 18 digits",), _through_double, DECIMAL, _widest),
    ("whole number narrowed", "a whole number above 2^53 went through a float",
     ("> 2^53 and > 18 digits",), lambda n, r: Decimal(int(float(n))), INTEGER,
     lambda r: 2**53 + 2 * r.randint(1, 10**6) + 1),
    ("sign flipped", "the amount has the other sign", ("sign flip",),
     lambda n, r: -n, NUMBER, _whole),
    ("sign lost", "a negative amount became positive", ("sign flip",),
     lambda n, r: abs(n), NUMBER, lambda r: -_whole(r)),
    ("another unit", "milligrams for grams, pounds for kilograms, inches for centimetres",
     ("unit change (mg/g, lb/kg, F/C)",),
     _factor("1000", "0.001", "2.204623", "0.453592", "2.54"), DECIMAL, _cents),
    ("another temperature scale", "Fahrenheit for Celsius",
     ("unit change (mg/g, lb/kg, F/C)",),
     lambda n, r: n * Decimal("1.8") + 32, DECIMAL, _cents),
    ("off by 1e-9", "off by a billionth", ("1e-9 and ulp drift",),
     lambda n, r: n + Decimal("1e-9") * r.choice([-1, 1]), DECIMAL, _cents),
    ("off by one float", "the neighbour among floats of 64 bits", ("1e-9 and ulp drift",),
     _next_float, DECIMAL, _cents),
    ("off by one", "one too many or too few", ("rounding of decimal",),
     lambda n, r: n + r.choice([-1, 1]), NUMBER, _whole),
    ("off by a cent", "one cent too many or too few", ("currency cents",),
     lambda n, r: n + Decimal("0.01") * r.choice([-1, 1]), DECIMAL, _cents),
    ("overflow of 32 bits", "what is left of a whole number in 32 bits",
     ("int overflow/unsigned",), _wrap(32), NUMBER, lambda r: 2**31 + r.randint(1, 10**6)),
    ("overflow of 16 bits", "what is left of a whole number in 16 bits",
     ("int overflow/unsigned",), _wrap(16), NUMBER, lambda r: 2**15 + r.randint(1, 10**4)),
    ("unsigned", "a negative number read without its sign", ("int overflow/unsigned",),
     lambda n, r: n + 2**32 if n < 0 else None, NUMBER, lambda r: -_whole(r)),
    ("percent for fraction", "a percentage where a fraction was sent, or back",
     ("percent vs fraction",), _factor("100", "0.01"), DECIMAL,
     lambda r: f"0.{r.randint(10, 99)}1"),
    ("zero for value", "zero where a number was sent", ("NaN/Inf vs NULL",),
     lambda n, r: Decimal(0), NUMBER, _whole),
)  # fmt: skip
"""Of one number: name, what it is, the classes it covers, the change, of which types, how to make one."""

NUMBERS: tuple[Fault, ...] = (
    *(
        fault(name, "numbers", sentence, covered, _of_number(change), types, make=make)
        for name, sentence, covered, change, types, make in CHANGES
    ),
    fault("not a number", "numbers", "NaN where a number was sent", ("NaN/Inf vs NULL",),
          _to_text("NaN"), ("decimal",), make=_cents),
    fault("infinite", "numbers", "an infinity where a number was sent", ("NaN/Inf vs NULL",),
          _to_text("Infinity", "-Infinity"), ("decimal",), make=_cents),
    fault("not a number for nothing", "numbers", "NaN where nothing was sent",
          ("NaN/Inf vs NULL",), lambda value, random: "NaN" if value is None else UNFIT,
          ("decimal",), make=lambda random: None),
    fault("zero for nothing", "numbers", "zero where nothing was sent", ("NaN/Inf vs NULL",),
          lambda value, random: "0" if value is None else UNFIT, ("decimal",),
          make=lambda random: None),
    fault("number lost", "numbers", "nothing where a number was sent", ("NaN/Inf vs NULL",),
          lose, NUMBER, make=_whole),
    fault("decimal comma", "numbers", "a decimal point was taken for a sign between thousands",
          ("locale decimal comma",), _group_digits, ("decimal",), make=_cents),
    Fault("total unchanged", "numbers", "one record has what another lacks: the sum is right",
          ("sum-neutral offsetting changes",), _offset, (NUMBER,), 2, prepare=_draw_each(_whole)),
    Fault("numbers swapped", "numbers", "two records have each other's number",
          ("swap between rows",), _swap_rows, (NUMBER,), 2, prepare=_draw_each(_whole)),
    fault("yes and no exchanged", "numbers", "yes became no, or no became yes",
          ("booleans 0/1/Y/N/NULL",),
          lambda value, random: UNFIT if value is None else not value, ("boolean",),
          make=lambda random: random.random() < 0.5),
    fault("no for nothing", "numbers", "an answer where none was sent",
          ("booleans 0/1/Y/N/NULL",),
          lambda value, random: False if value is None else UNFIT, ("boolean",),
          make=lambda random: None),
    fault("answer lost", "numbers", "no answer where one was sent", ("booleans 0/1/Y/N/NULL",),
          lose, ("boolean",), make=lambda random: random.random() < 0.5),
)  # fmt: skip
