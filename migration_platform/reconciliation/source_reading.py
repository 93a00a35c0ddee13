"""Source reading: how reconciliation reads a source's text by itself, as DuckDB SQL.

The second way from text to value, for the proof that the mapping is right: written anew, sharing no
code with `translation` (a test keeps it so). Each kind stands for one rule that an entity may
declare (`entity.Reading`). The expressions are over a snapshot's row `s`, which has each column
twice: as it is, and as `t.<column>` without the space around it (null when that leaves nothing).
How a number and a time are spelled is in `number_reading` and `clock_reading`; how the expressions
are applied to records, in `round_trip`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Literal

from migration_platform.entity import Reading, Reference
from migration_platform.errors import ConfigurationError
from migration_platform.reconciliation.clock_reading import day_sql, instant_sql, local_time_sql
from migration_platform.reconciliation.column import quote_name, quote_text
from migration_platform.reconciliation.mangled_text import SUSPICIOUS, WHITE_SPACE, says_the_same
from migration_platform.reconciliation.number_reading import (
    decorated_sql,
    exact_sql,
    first_sql,
    let_sql,
    plain_sql,
    whole_sql,
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a field must hold. `value` is typed SQL, null for no value.

    `given` says, as SQL, the text that must have become a value: where it is not null and there is
    no value, the text was dropped. Without it (None) no value is right whatever is written there.
    Where `doubt` holds, SQL cannot tell, and `settle` does: on the column's text and the sent one.
    """

    value: str
    given: str | None
    doubt: str = ""
    settle: Callable[[str, str | None], bool] | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """A relation that a reading needs beside the row: a code map, the parents of an entity, or the
    stored files named in a column. Joined as `alias` where its `key` is what SQL `on` gives."""

    kind: Literal["code map", "parents", "files"]
    name: str
    on: str
    alias: str


@dataclass(slots=True)
class Lookups:
    """The lookups of an entity's readings, numbered as they come."""

    found: list[Lookup] = field(default_factory=list)

    def add(self, kind: Literal["code map", "parents", "files"], name: str, on: str) -> str:
        """The alias of the lookup; one already there serves again."""
        for each in self.found:
            if (each.kind, each.name, each.on) == (kind, name, on):
                return each.alias
        self.found.append(Lookup(kind, name, on, f"l{len(self.found)}"))
        return self.found[-1].alias


def trim_sql(column: str) -> str:
    """A column without the space around it, null when that leaves nothing."""
    text = quote_name(column)
    # Nearly every text begins and ends with a letter or a digit: twenty times faster than to trim.
    tidy = " AND ".join(f"{end}({text}, 1) BETWEEN '!' AND '~'" for end in ("left", "right"))
    trimmed = f"trim({text}, {quote_text(WHITE_SPACE)})"
    return f"nullif(CASE WHEN {tidy} THEN {text} ELSE {trimmed} END, '')"


def _remove(text: str, signs: str) -> str:
    """A text without white space and these signs."""
    plain = quote_text("".join(c for c in WHITE_SPACE if c.isascii()) + signs)
    return (
        f"CASE WHEN strlen({text}) = length({text}) THEN translate({text}, {plain}, '') "
        f"ELSE translate({text}, {quote_text(WHITE_SPACE + signs)}, '') END"
    )


def expect(reading: Reading, lookups: Lookups) -> Expected:
    """What a field of that reading must hold. Raises ConfigurationError for an unknown kind."""
    if reading.kind not in KINDS:
        raise ConfigurationError(
            f"there is no reading {reading.kind!r}: name one of {', '.join(KINDS)}"
        )
    return KINDS[reading.kind][1](reading, lookups)


def expect_reference(
    reference: Reference, lookups: Lookups, applicable: Collection[str]
) -> Expected:
    """The id of the record that is named: as the parents' own ends give it, if that record moves.

    One that was archived or excluded leaves the field empty. So does an entity that is not
    `applicable` for this source. Anything else that is named must have become an id.
    """
    if reference.entity not in applicable:
        return Expected("NULL::varchar", None)
    key = _without(f"s.{quote_name('t.' + reference.column)}", reference.absent)
    p = lookups.add("parents", reference.entity, key)
    own = f"coalesce({p}.patient = s._patient, true)" if reference.same_patient else "true"
    return Expected(
        f"CASE WHEN {p}.\"end\" = 'mapped' AND {own} THEN {p}.id END",
        f"CASE WHEN {p}.\"end\" IN ('archived', 'excluded') AND {own} THEN NULL ELSE {key} END",
    )


def _without(text: str, absent: Collection[str]) -> str:
    if not absent:
        return text
    return f"CASE WHEN {text} NOT IN ({', '.join(map(quote_text, absent))}) THEN {text} END"


def _options(reading: Reading, name: str) -> tuple[str, ...]:
    found = dict(reading.options).get(name, ())
    return (found,) if isinstance(found, str) else found


def _given(reading: Reading) -> str:
    """The column's text, null for the words that stand for none."""
    return _without(f"s.{quote_name('t.' + reading.columns[0])}", _options(reading, "absent"))


def _text(reading: Reading, _: Lookups) -> Expected:
    raw, text = f"s.{quote_name(reading.columns[0])}", _given(reading)
    return Expected(
        text,
        text,
        f"strlen({raw}) <> length({raw}) AND regexp_matches({raw}, {quote_text(SUSPICIOUS)})",
        says_the_same,
    )


def _identifier(reading: Reading, _: Lookups) -> Expected:
    return Expected(_given(reading), _given(reading))


def _constant(reading: Reading, _: Lookups) -> Expected:
    return Expected(quote_text(_options(reading, "value")[0]), None)


def _sql(reading: Reading, _: Lookups) -> Expected:
    return Expected(f"({_options(reading, 'value')[0]})", None)


def _first_of(reading: Reading, lookups: Lookups) -> Expected:
    return Expected(first_sql(*[expect(part, lookups).value for part in reading.parts]), None)


def _code(reading: Reading, lookups: Lookups) -> Expected:
    text = _given(reading)
    alias = lookups.add("code map", _options(reading, "code_map")[0], f"lower({text})")
    return Expected(f"{alias}.becomes", text)


def _boolean(reading: Reading, _: Lookups) -> Expected:
    text = _given(reading)
    yes, no = "'true', 't', 'yes', 'y', '1'", "'false', 'f', 'no', 'n', '0'"
    return Expected(
        f"CASE WHEN lower({text}) IN ({yes}) THEN true WHEN lower({text}) IN ({no}) THEN false END",
        text,
    )


def _decimal(reading: Reading, _: Lookups) -> Expected:
    return Expected(exact_sql(_given(reading)), _given(reading))


def _number_within(reading: Reading, _: Lookups) -> Expected:
    return Expected(plain_sql(_given(reading)), None)


def _integer(reading: Reading, _: Lookups) -> Expected:
    return Expected(whole_sql(_given(reading)), _given(reading))


def _money(reading: Reading, _: Lookups) -> Expected:
    text = _given(reading)
    bare = let_sql("low", f"replace(lower({text}), 'usd', '')", _remove("low", "$,"))
    amount = let_sql("bare", bare, decorated_sql(text, "bare"))
    return Expected(first_sql(exact_sql(text), amount), text)


def _phone(reading: Reading, _: Lookups) -> Expected:
    text = _given(reading)
    digits = "digits"
    home = f"regexp_matches({digits}, '^\\+?1?[2-9][0-9]{{2}}[2-9][0-9]{{6}}$')"
    abroad = f"regexp_matches({digits}, '^\\+[2-9][0-9]{{7,14}}$')"
    number = f"CASE WHEN {home} THEN '+1' || right({digits}, 10) WHEN {abroad} THEN {digits} END"
    return Expected(let_sql(digits, _remove(text, "().-/"), number), text)


def _email(reading: Reading, _: Lookups) -> Expected:
    text = _given(reading)
    # What is a small letter outside of ASCII depends on its neighbours: Python knows, DuckDB not.
    return Expected(
        f"lower({text})",
        text,
        f"strlen({text}) <> length({text})",
        lambda source, sent: source.strip(WHITE_SPACE).lower() == sent,
    )


def _postal_code(reading: Reading, _: Lookups) -> Expected:
    text = _given(reading)
    digits = f"translate({text}, '- ', '')"
    zip5 = f"CASE WHEN length({text}) <= 5 THEN lpad({text}, 5, '0') END"
    zip9 = f"left(lpad({digits}, 9, '0'), 5) || '-' || right({digits}, 4)"
    return Expected(
        f"CASE WHEN regexp_matches({text}, '^[0-9]{{3,5}}$|^[0-9]{{3,5}}[- ]?[0-9]{{4}}$') "
        f"THEN {first_sql(zip5, zip9)} END",
        text,
    )


def _date(reading: Reading, _: Lookups) -> Expected:
    text = _given(reading)
    days = [day_sql(text, each) for each in _options(reading, "spellings")]
    return Expected(first_sql(*days), text)


def _instant(reading: Reading, _: Lookups) -> Expected:
    text = _given(reading)
    days = [f"{day_sql(text, each)}::timestamp" for each in ("iso", "us", "day-month")]
    return Expected(first_sql(instant_sql(text), *days), text)


def _local_time(reading: Reading, _: Lookups) -> Expected:
    text = _given(reading)
    local = local_time_sql(text, _options(reading, "zone")[0])
    return Expected(first_sql(local, instant_sql(text)), text)


def _sha256(reading: Reading, lookups: Lookups) -> Expected:
    text = _given(reading)
    return Expected(f"{lookups.add('files', reading.columns[0], text)}.sha256", text)


def _size(reading: Reading, lookups: Lookups) -> Expected:
    text = _given(reading)
    return Expected(f"{lookups.add('files', reading.columns[0], text)}.size", text)


KINDS: dict[str, tuple[str, Callable[[Reading, Lookups], Expected]]] = {
    "text": ("the text, and mangled letters by mangling what was sent again", _text),
    "identifier": ("the text", _identifier),
    "constant": ("the value", _constant),
    "code": ("the code map, read anew", _code),
    "boolean": ("the words for yes and no", _boolean),
    "date": ("a second reading of its spellings", _date),
    "instant": ("the wall time less its offset", _instant),
    "local time": ("the zone's clock, there and back", _local_time),
    "money": ("an exact second reading of the amount", _money),
    "decimal": ("an exact second reading of the number", _decimal),
    "integer": ("a second reading of the number", _integer),
    "number within": ("an exact second reading of the number", _number_within),
    "phone": ("the digits", _phone),
    "email": ("the text in small letters", _email),
    "postal code": ("the digits", _postal_code),
    "first of": ("each of them by its own", _first_of),
    "sha256 of file": ("the source's file, opened and hashed again", _sha256),
    "size of file": ("the source's file, opened again", _size),
    "sql": ("an expression of its own in SQL", _sql),
}
"""Each kind of reading: what it proves a value by, and the SQL of it."""
