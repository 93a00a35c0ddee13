"""Column: one compared field, how both sides write it, and when two of its values are equal.

Both sides are brought to one canonical form: an id, a text and a date as they are, an instant in
microseconds since 1970, a number as exact text. Equality is judged on typed values with
`IS DISTINCT FROM`, never on a hash or a concatenated text; a number's trailing zeros count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from migration_platform.entity import DECIMAL_SCALE, EXACT, Entity, Equality, Type

CROSSWALK = "source_id"
"""The compared column beside an entity's fields: the source id that the crosswalk gives a record."""

LATEST, EARLIEST = "294246-12-31 23:59:59.999999+00", "4714-11-24 00:00:00+00 BC"
LATEST_DAY, EARLIEST_DAY = "5874897-12-31", "4714-11-24 BC"
"""Where instants and days end that Arrow can carry. Postgres' infinities are read as these."""


@dataclass(frozen=True, slots=True)
class Column:
    """A compared column: `name`, `type` of the field, and how equality is judged."""

    name: str
    type: Type
    equality: Equality = EXACT

    @property
    def is_same_bit_by_bit(self) -> bool:
        """Whether two values are equal only if they are the same in canonical form."""
        return self.equality.rule == "exact" and self.type != "decimal"

    def sent_sql(self) -> str:
        """A mapped record's value (typed as in `entity.POLARS_TYPE`) in canonical form."""
        name = quote_name(self.name)
        if self.type == "decimal":
            return f"{name}::varchar AS {name}"
        if self.type == "timestamp":
            return f"epoch_us({name}) AS {name}"
        return name

    def found_sql(self) -> str:
        """Postgres: the destination's value (of row `d`) in canonical form."""
        name = quote_name(self.name)
        if self.type == "decimal":
            # With as many digits as the sent side has, unless that would cut one off. Most columns
            # hold them so, and to see that is cheaper than to round.
            number = f"d.{name}::numeric"
            return (
                f"CASE WHEN scale({number}) <> {DECIMAL_SCALE} "
                f"AND min_scale({number}) <= {DECIMAL_SCALE} "
                f"THEN round({number}, {DECIMAL_SCALE})::text ELSE {number}::text END AS {name}"
            )
        if self.type == "timestamp":
            # Arrow has no infinity, and fewer years than Postgres: what is outside stands at the edge.
            instant = f"d.{name}::timestamptz"
            return (
                f"CASE WHEN {instant} > '{LATEST}' THEN '{LATEST}' "
                f"WHEN {instant} < '{EARLIEST}' THEN '{EARLIEST}' ELSE {instant} END AS {name}"
            )
        if self.type == "date":
            return (
                f"CASE WHEN d.{name} > '{LATEST_DAY}' THEN '{LATEST_DAY}' "
                f"WHEN d.{name} < '{EARLIEST_DAY}' THEN '{EARLIEST_DAY}' ELSE d.{name} END AS {name}"
            )
        if self.type in ("uuid", "text"):
            return f"d.{name}::text AS {name}"
        return f"d.{name}"

    def plain_sql(self) -> str:
        """DuckDB: a canonical value as people are shown it."""
        name = quote_name(self.name)
        return f"{trim_number(name)} AS {name}" if self.type == "decimal" else name

    def differs(self, sent: str, found: str) -> str:
        """DuckDB: whether two values of one record, as people are shown them, count as different
        (never null)."""
        rule = self.equality.rule
        if rule == "trimmed":
            return f"(trim({sent}) IS DISTINCT FROM trim({found}))"
        if rule == "caseless":
            return f"(lower({sent}) IS DISTINCT FROM lower({found}))"
        differs = f"{sent} IS DISTINCT FROM {found}"
        if rule == "json":
            same = f"{_json_leaves(sent)} = {_json_leaves(found)}"
            return f"({differs} AND NOT COALESCE({same}, false))"
        if rule == "tolerance":
            a, b, scale = sent, found, 1
            if self.type == "timestamp":
                a, b, scale = f"{a}::hugeint", f"{b}::hugeint", 1_000_000
            elif self.type == "decimal":
                # What is no number (NaN, an infinity) is near to none.
                a, b = f"TRY_CAST({a} AS decimal(38, 12))", f"TRY_CAST({b} AS decimal(38, 12))"
            near = f"abs({a} - {b}) <= {self.equality.tolerance} * {scale}"
            return f"({differs} AND COALESCE({near}, false) = false)"
        return f"({differs})"


def _json_leaves(text: str) -> str:
    """DuckDB: every value of a JSON text with its path, sorted; null if a key stands in it twice,
    or if it is no JSON."""
    leaf = "fullkey || chr(0) || type || chr(0) || COALESCE(atom::varchar, '')"
    return (
        f"(SELECT CASE WHEN count(*) = count(DISTINCT fullkey) THEN list_sort(list({leaf})) END "
        f"FROM json_tree(TRY_CAST({text} AS JSON)))"
    )


def trim_number(text: str) -> str:
    """DuckDB: an exact number's text in its one shortest form."""
    shortest = (
        f"CASE WHEN contains({text}, '.') THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
    )
    return f"CASE {shortest} WHEN '-0' THEN '0' ELSE {shortest} END"


def compared_columns(entity: Entity) -> tuple[Column, ...]:
    """What is compared of an entity: its crosswalk entry, and each field that is not ignored."""
    fields = [Column(f.name, f.type, f.equality) for f in entity.fields]
    return (
        Column(CROSSWALK, "text"),
        *[c for c in fields if c.equality.rule != "ignored"],
    )


def quote_name(name: str) -> str:
    """A SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """A SQL text literal, for the places that take no parameter."""
    return "'" + text.replace("'", "''") + "'"
