"""Cause: what kind of difference lies between a sent and a found value.

For people who look for the one mistake behind many differences, and for clusters of them. A kind
describes; it never makes a difference equal.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from migration_platform.reconciliation.column import CROSSWALK, Column, quote_text

KINDS: dict[str, str] = {
    "missing record": "sent, and not there",
    "unexpected record": "there, and not sent",
    "duplicate record": "there more often than it was sent",
    "unreadable": "a value was sent that reconciliation cannot read in the source's text",
    "value lost": "a value was sent, and there is none",
    "value added": "nothing was sent, and there is a value",
    "null against empty": "one side has no value, the other an empty text",
    "swapped between fields": "two fields of the record have each other's value",
    "swapped between records": "two records have each other's value",
    "other record": "refers to another record than was sent",
    "code": "another code",
    "whitespace": "the same but for spaces, line ends or invisible characters",
    "case": "the same but for letter case",
    "normalization": "the same letters in another Unicode form",
    "accent": "the same but for accents",
    "encoding": "read in the wrong encoding",
    "punctuation": "the same letters and digits, other signs between them",
    "truncated": "only the beginning is there",
    "zone shift": "off by a whole number of quarter hours, up to fourteen hours",
    "precision": "the same to the second, or rounded to it",
    "day shift": "off by one day",
    "sign": "the same amount with the other sign",
    "scale": "off by a power of ten",
    "rounding": "rounded or cut to fewer digits",
    "flag": "yes and no exchanged",
    "file": "the stored file is not what was sent",
    "other value": "another value",
}
"""Each kind and what it says. The order is that in which they are tried."""

QUARTER_HOUR, SECOND, LONGEST_SHIFT = 900_000_000, 1_000_000, 14 * 3_600_000_000

_INVISIBLE = r"[\s\x{0B}\x{85}\p{Z}\x{200B}-\x{200F}\x{2060}\x{FEFF}]"


def classify(sql: duckdb.DuckDBPyConnection, columns: Sequence[Column]) -> None:
    """Fill in `kind` in the temporary table `difference` (`comparison.explain`)."""
    if not sql.execute("SELECT count(*) FROM difference WHERE kind IS NULL").fetchall()[0][0]:
        return
    cases = [
        "WHEN sent IS NULL AND found = '' OR sent = '' AND found IS NULL THEN 'null against empty'",
        "WHEN found IS NULL THEN 'value lost'",
        "WHEN sent IS NULL THEN 'value added'",
    ]
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for column in columns:
        alike.setdefault(tuple(_cases(column)), []).append(quote_text(column.name))
    for conditions, names in alike.items():
        within = " ".join(f"WHEN {when} THEN {quote_text(kind)}" for when, kind in conditions)
        cases.append(
            f"WHEN field IN ({', '.join(names)}) THEN CASE {within} ELSE 'other value' END"
        )
    sql.execute(
        f"UPDATE difference SET kind = CASE {' '.join(cases)} ELSE 'other value' END "
        "WHERE kind IS NULL"
    ).fetchall()
    _find_swaps(sql)


def _cases(column: Column) -> list[tuple[str, str]]:
    """Conditions over the texts `sent` and `found`, and the kind that each of them means."""
    if column.type == "uuid":
        return [("true", "other record")]
    if column.type == "boolean":
        return [("true", "flag")]
    if column.type == "date":
        return [("abs(sent::date - found::date) = 1", "day shift")]
    if column.type == "timestamp":
        gap = "abs(sent::hugeint - found::hugeint)"
        return [
            (f"{gap} % {QUARTER_HOUR} = 0 AND {gap} <= {LONGEST_SHIFT}", "zone shift"),
            (f"{gap} <= {SECOND} AND found::hugeint % 1000 = 0", "precision"),
        ]
    if column.type in ("decimal", "integer"):
        sent, found = "TRY_CAST(sent AS DOUBLE)", "TRY_CAST(found AS DOUBLE)"
        # No logarithm of what is zero, or divided by an infinity.
        power = f"log10(NULLIF(abs({sent} / {found}), 0))"
        return [
            (f"{sent} = -({found})", "sign"),
            (
                f"{sent} <> 0 AND {found} <> 0 AND abs({power}) > 0.5 "
                f"AND abs({power} - round({power})) < 1e-9",
                "scale",
            ),
            (
                "length(found) < length(sent) AND contains(sent, '.') AND "
                f"abs({sent} - {found}) <= power(10, -(length(found) - "
                "(CASE WHEN contains(found, '.') THEN strpos(found, '.') ELSE length(found) END)))",
                "rounding",
            ),
        ]
    plain = f"regexp_replace(%s, '{_INVISIBLE}', '', 'g')"
    letters = "regexp_replace(%s, '[^\\p{L}\\p{N}]', '', 'g')"
    cases = [
        (f"{plain % 'sent'} = {plain % 'found'}", "whitespace"),
        ("lower(sent) = lower(found)", "case"),
        ("nfc_normalize(sent) = nfc_normalize(found)", "normalization"),
        ("strip_accents(sent) = strip_accents(found)", "accent"),
        ("length(found) < length(sent) AND starts_with(sent, found)", "truncated"),
        (
            "regexp_matches(found, '[\\x{C2}-\\x{F4}][\\x{80}-\\x{BF}\\x{152}-\\x{178}\\x{2013}-"
            "\\x{2122}]|\\x{FFFD}|\\?') AND length(found) >= length(sent) - 4 "
            "AND strip_accents(sent) <> sent",
            "encoding",
        ),
        (
            f"{letters % 'sent'} = {letters % 'found'} AND {letters % 'sent'} <> ''",
            "punctuation",
        ),
    ]
    if column.name.endswith("code"):
        cases.append(("true", "code"))
    return cases if column.name != CROSSWALK else [("true", "other record")]


def _find_swaps(sql: duckdb.DuckDBPyConnection) -> None:
    """Values that changed places, between two fields of a record or two records of a field."""
    sql.execute(
        "UPDATE difference SET kind = 'swapped between fields' FROM difference o "
        "WHERE difference.status = 'mismatched' AND o.status = 'mismatched' "
        "AND o.id = difference.id AND o.leg = difference.leg AND o.field <> difference.field "
        "AND o.sent = difference.found AND o.found = difference.sent"
    ).fetchall()
    # One to one: many records with the same two values show a rule, not an exchange.
    once = (
        "(SELECT leg, field, sent, found, min(id) AS id FROM difference WHERE status = 'mismatched' "
        "AND kind NOT IN ('flag', 'swapped between fields') GROUP BY ALL HAVING count(*) = 1)"
    )
    sql.execute(
        f"UPDATE difference SET kind = 'swapped between records' FROM (SELECT a.id, a.leg, a.field FROM "
        f"{once} a JOIN {once} b ON a.leg = b.leg AND a.field = b.field AND a.sent = b.found AND a.found = b.sent) o "
        "WHERE difference.id = o.id AND difference.leg = o.leg AND difference.field = o.field"
    ).fetchall()
