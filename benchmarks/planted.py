"""Planted: faults and benign changes, each one SQL statement on a copy of a small table.

The catalogue that a reconciliation certifies itself with stands in the platform (`fault`); this list
is for tools that only see two tables. `{id}` is the record it is planted in, `{other}` another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Planted:
    """A change and where it must be found: the records (`{id}`, `{other}`) and fields. No record:
    it is benign, and nothing may be found."""

    name: str
    sql: str
    where: Sequence[tuple[str, str]] = ()
    keyed: bool = True
    """Whether the found table has its primary key while it is compared."""


def _set(name: str, field: str, value: str, also: str = "") -> Planted:
    return Planted(
        name, f"UPDATE found SET {field} = {value} WHERE id = '{{id}}'{also}", (("{id}", field),)
    )


_BOTH = "WHERE id IN ('{id}', '{other}')"

FAULTS: tuple[Planted, ...] = (
    Planted("missing row", "DELETE FROM found WHERE id = '{id}'", (("{id}", ""),)),
    Planted(
        "extra row",
        "INSERT INTO found SELECT (r).* FROM (SELECT jsonb_populate_record(f, "
        "'{{\"id\": \"ffffffff-ffff-4fff-8fff-ffffffffffff\"}}') r FROM found f WHERE id = '{id}') x",
        (("ffffffff-ffff-4fff-8fff-ffffffffffff", ""),),
    ),
    Planted(
        "last row missing",
        "DELETE FROM found WHERE id = (SELECT max(id::text) FROM found)::uuid",
        (("{last}", ""),),
    ),
    Planted(
        "duplicate row",
        "INSERT INTO found SELECT * FROM found WHERE id = '{id}'",
        (("{id}", ""),),
        keyed=False,
    ),
    Planted(
        "duplicate with a changed copy",
        "INSERT INTO found SELECT (r).* FROM (SELECT jsonb_populate_record(f, "
        "'{{\"name\": \"changed\"}}') r FROM found f WHERE id = '{id}') x",
        (("{id}", ""),),
        keyed=False,
    ),
    Planted(
        "one twice, one missing",
        "INSERT INTO found SELECT * FROM found WHERE id = '{id}'; "
        "DELETE FROM found WHERE id = '{other}'",
        (("{id}", ""), ("{other}", "")),
        keyed=False,
    ),
    Planted(
        "key of another record",
        "UPDATE found SET id = 'ffffffff-ffff-4fff-8fff-ffffffffffff' WHERE id = '{id}'",
        (("{id}", ""), ("ffffffff-ffff-4fff-8fff-ffffffffffff", "")),
    ),
    _set("reference to another record", "other_id", "'00000000-0000-4000-8000-000000000000'"),
    Planted(
        "references of two records swapped",
        f"UPDATE found f SET other_id = o.other_id FROM found o {_BOTH.replace('id', 'f.id', 1)} "
        "AND o.id IN ('{id}', '{other}') AND o.id <> f.id",
        (("{id}", "other_id"), ("{other}", "other_id")),
    ),
    _set("trailing space", "name", "name || ' '"),
    _set("leading space", "name", "' ' || name"),
    _set("no-break space", "description", "replace(description, ' ', chr(160))"),
    _set("zero-width space", "name", "name || chr(8203)"),
    _set("line end added", "name", "name || chr(10)"),
    _set("carriage return added", "note", "replace(note, chr(10), chr(13) || chr(10))"),
    _set("letter case", "name", "upper(name)"),
    _set("accent lost", "city", "'Sao Paulo'"),
    _set("Unicode decomposed", "city", "normalize(city, NFD)"),
    _set("mojibake", "city", "'SÃ£o Paulo'"),
    _set("emoji lost", "note", "replace(note, chr(128512), '?')"),
    _set("smart quote made plain", "note", "replace(note, chr(8217), chr(39))"),
    _set("truncated", "note", "left(note, 20)"),
    _set("last character lost", "note", "left(note, -1)"),
    _set("empty text for null", "blank", "''"),
    _set("null for empty text", "filled", "NULL"),
    _set("the word NULL for null", "blank", "'NULL'"),
    Planted(
        "boundary shift between columns",
        "UPDATE found SET name = name || left(kind_code, 1), kind_code = substr(kind_code, 2) "
        "WHERE id = '{id}'",
        (("{id}", "name"), ("{id}", "kind_code")),
    ),
    Planted(
        "columns swapped",
        "UPDATE found SET name = city, city = name WHERE id = '{id}'",
        (("{id}", "name"), ("{id}", "city")),
    ),
    Planted(
        "delimiter moved between columns",
        "UPDATE found SET left_part = 'a|', right_part = 'b' WHERE id = '{id}'",
        (("{id}", "left_part"), ("{id}", "right_part")),
    ),
    _set("amount rounded", "amount", "round(amount, 2)"),
    _set("amount off by a millionth", "amount", "amount + 0.000001"),
    _set("amount off by a billionth", "amount", "amount + 0.000000001"),
    _set("sign", "amount", "-amount"),
    _set("unit (times a thousand)", "amount", "amount * 1000"),
    _set("amount narrowed to a float", "amount", "amount::float4::numeric"),
    _set("not a number", "amount", "'NaN'"),
    _set("null for a number", "amount", "NULL"),
    _set("zero for null", "absent", "0"),
    _set("18th digit", "big", "big + 1"),
    Planted(
        "two amounts that offset each other",
        "UPDATE found SET amount = amount + CASE id::text WHEN '{id}' THEN 1 ELSE -1 END " + _BOTH,
        (("{id}", "amount"), ("{other}", "amount")),
    ),
    Planted(
        "values of two records swapped",
        f"UPDATE found f SET name = o.name FROM found o {_BOTH.replace('id', 'f.id', 1)} "
        "AND o.id IN ('{id}', '{other}') AND o.id <> f.id",
        (("{id}", "name"), ("{other}", "name")),
    ),
    _set("flag turned", "flag", "NOT flag"),
    _set("flag lost", "flag", "NULL"),
    _set("zone shift", "seen_at", "seen_at + interval '5 hours'"),
    _set("microseconds lost", "seen_at", "date_trunc('second', seen_at)"),
    _set("a microsecond added", "seen_at", "seen_at + interval '1 microsecond'"),
    _set("day shift", "day", "day + 1"),
    _set("day in another century", "day", "day - interval '100 years'"),
    _set("infinity for an instant", "seen_at", "'infinity'"),
    _set("infinity for no day", "no_day", "'infinity'"),
    _set("year 0001 for a day", "day", "'0001-01-01'"),
    _set("another code", "kind_code", "'code99'"),
    _set("value in JSON", "payload", "replace(payload, '\"dose\": 5', '\"dose\": 50')"),
    _set("key lost in JSON", "payload", "replace(payload, ', \"unit\": \"mg\"', '')"),
    _set("array turned in JSON", "payload", "replace(payload, '[1, 2]', '[2, 1]')"),
)


def _alter(name: str, *changes: str) -> Planted:
    return Planted(name, "; ".join(f"ALTER TABLE found {c}" for c in changes))


BENIGN: tuple[Planted, ...] = (
    Planted("nothing changed", "SELECT 1"),
    Planted(
        "rows in another order",
        "CREATE INDEX turned ON found (name DESC); CLUSTER found USING turned; DROP INDEX turned",
    ),
    Planted("every row written again", "UPDATE found SET name = name"),
    Planted(
        "columns in another order",
        "ALTER TABLE found RENAME COLUMN name TO gone; ALTER TABLE found ADD name text; "
        "UPDATE found SET name = gone; ALTER TABLE found DROP gone",
    ),
    _alter("a column added", "ADD COLUMN loaded_at timestamptz DEFAULT now()"),
    _alter(
        "a generated column added",
        "ADD COLUMN doubled bigint GENERATED ALWAYS AS (place * 2) STORED",
    ),
    _alter("scale of a number widened", "ALTER amount TYPE numeric(30, 12)"),
    _alter("a number without a stated scale", "ALTER amount TYPE numeric"),
    Planted(
        "trailing zeros of a number",
        "ALTER TABLE found ALTER amount TYPE numeric; UPDATE found SET amount = amount::numeric(30, 10)",
    ),
    _alter("an integer narrowed", "ALTER place TYPE integer"),
    _alter("an integer narrowed to two bytes", "ALTER place TYPE smallint"),
    _alter("text of limited length", "ALTER name TYPE varchar(200)"),
    _alter("text of another collation", 'ALTER name TYPE text COLLATE "C"'),
    _alter(
        "instants without a zone, in UTC",
        "ALTER seen_at TYPE timestamp USING seen_at AT TIME ZONE 'UTC'",
    ),
    Planted("the server's zone", "ALTER ROLE CURRENT_USER SET timezone = 'Asia/Kolkata'"),
    Planted("the server's way to write dates", "ALTER ROLE CURRENT_USER SET datestyle = 'German'"),
    Planted(
        "the server's way to write bytes", "ALTER ROLE CURRENT_USER SET bytea_output = 'escape'"
    ),
    Planted(
        "the server's digits of a float", "ALTER ROLE CURRENT_USER SET extra_float_digits = -5"
    ),
    Planted("an index", "CREATE INDEX extra ON found (name)"),
    Planted("a hash index", "CREATE INDEX extra ON found USING hash (kind_code)"),
    _alter("a constraint", "ADD CONSTRAINT filled_in CHECK (name <> '')"),
    _alter("a default", "ALTER name SET DEFAULT 'nobody'"),
    _alter("a column that may not be null", "ALTER name SET NOT NULL"),
    _alter("without its key", "DROP CONSTRAINT found_pkey"),
    _alter("an unlogged table", "SET UNLOGGED"),
    _alter("another fill factor", "SET (fillfactor = 50)"),
    _alter("values stored out of line", "ALTER note SET STORAGE EXTERNAL"),
    Planted("a comment", "COMMENT ON COLUMN found.name IS 'a name'"),
    Planted(
        "a trigger that does nothing",
        "CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW;END'; "
        "CREATE TRIGGER passing BEFORE UPDATE ON found FOR EACH ROW EXECUTE FUNCTION pass(); "
        "UPDATE found SET name = name",
    ),
    Planted(
        "a row changed and changed back",
        "UPDATE found SET name = name || 'x' WHERE id = '{id}'; "
        "UPDATE found SET name = left(name, -1) WHERE id = '{id}'",
    ),
    Planted(
        "a view",
        "ALTER TABLE found RENAME TO found_rows; CREATE VIEW found AS SELECT * FROM found_rows",
    ),
)
