"""Hanging: rows that refer to rows which a rollback takes away, and whose they are.

Works on the temporary tables of `undo`; changes nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from migration_platform.destination.foreign_key import ForeignKey
from migration_platform.entity import Entity


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why loads cannot be undone; `cohort` is the other cohort whose records are the reason, if one
    is: taken back before or together with them, it is none."""

    sentence: str
    cohort: str = ""


def follow_keys(
    cursor: psycopg.Cursor, keys: Sequence[ForeignKey], own: Mapping[int, str]
) -> list[Refusal]:
    """Find everything that hangs on rows that go, however far away; returns what forbids it.

    `own` names the entities by the number of their table. Rows of the destination's other tables go,
    or are left with an empty reference, only where its own foreign key says so.
    """
    cursor.execute("SELECT DISTINCT relation FROM leaving")
    reached = {int(row[0]) for row in cursor.fetchall()}
    forbidden: dict[str, int] = {}
    waiting = True
    while waiting:
        waiting = False
        for key in keys:
            if key.parent.number not in reached:
                continue
            if key.child.number in own or key.on_delete == "cascade":
                if _hang(cursor, key, own, _LEAVES):
                    reached.add(key.child.number)
                    waiting = True
            elif key.on_delete in ("no action", "restrict") and (
                number := _hang(cursor, key, own, sql.SQL("SELECT count(*)"))
            ):
                forbidden[key.child.said] = number
    for key in keys:
        empties = key.on_delete in ("set null", "set default")
        if empties and key.parent.number in reached and key.child.number not in own:
            _hang(cursor, key, own, _EMPTIED)
    return [
        Refusal(
            f"{number:,} rows of {name} refer to what would go, and that table is no entity of this "
            "migration: whoever owns it must decide about them first"
        )
        for name, number in sorted(forbidden.items())
    ]


_LEAVES = sql.SQL(
    "INSERT INTO leaving SELECT l.cohort, {number}, d.ctid, {name}, {id}, true, to_jsonb(d)"
)
_EMPTIED = sql.SQL(
    "INSERT INTO emptied SELECT l.cohort, {number}, d.ctid, {name}, {field}, to_jsonb(d)"
)


def _hang(cursor: psycopg.Cursor, key: ForeignKey, own: Mapping[int, str], what: sql.SQL) -> int:
    """Do `what` with the rows `d` that hang on leaving ones and stay so far; returns how many."""
    on = sql.SQL(" AND ").join(
        sql.SQL("d.{} = p.{}").format(sql.Identifier(mine), sql.Identifier(theirs))
        for mine, theirs in zip(key.columns, key.parent_columns, strict=True)
    )
    cursor.execute(
        sql.SQL(
            "{what} FROM {child} d JOIN {parent} p ON {on} "
            "JOIN leaving l ON l.relation = {parent_number} AND l.tid = p.ctid "
            "WHERE NOT EXISTS (SELECT FROM leaving x WHERE x.relation = {child_number} "
            "AND x.tid = d.ctid) AND NOT EXISTS (SELECT FROM undo u WHERE u.entity = {name} "
            "AND u.tid = d.ctid AND u.target IS NOT NULL)"
        ).format(
            what=what.format(
                number=key.child.number,
                name=sql.Literal(own.get(key.child.number, key.child.said)),
                id=sql.SQL("d.id" if key.child.number in own else "NULL"),
                field=sql.Literal(key.columns[0]),
            ),
            child=key.child.identifier,
            parent=key.parent.identifier,
            on=on,
            parent_number=key.parent.number,
            child_number=key.child.number,
            name=sql.Literal(own.get(key.child.number, "")),
        )
    )
    if cursor.description:
        row = cursor.fetchone()
        return int(row[0]) if row else 0
    return cursor.rowcount


def find_users(
    cursor: psycopg.Cursor,
    cohorts: Sequence[str],
    keys: Sequence[ForeignKey],
    loads: Sequence[int],
    entities: Mapping[str, Entity],
    own: Mapping[int, str],
) -> list[Refusal]:
    """Why undoing it would break what others have."""
    said: list[Refusal] = []
    these = f"{'cohorts' if len(cohorts) > 1 else 'cohort'} {', '.join(cohorts)}"
    cursor.execute(
        "SELECT c.cohort, c.entity, count(*) FROM leaving l JOIN migration.crosswalk c "
        "ON c.destination_id = l.id WHERE l.made AND c.fingerprint IS NOT NULL "
        "AND c.cohort <> ALL(%s) GROUP BY c.cohort, c.entity ORDER BY c.cohort, c.entity",
        (list(cohorts),),
    )
    for other, entity, number in cursor.fetchall():
        sentence = (
            f"{number:,} records of {entity} in cohort {other} refer to records of {these}: roll "
            f"{other} back first, or together with it"
        )
        said.append(Refusal(sentence, other))
    # Named first, so that of the journal only what they did is read.
    cursor.execute(
        "SELECT l.id FROM migration.load l WHERE l.cohort <> ALL(%s) AND l.id > %s AND l.id > "
        "coalesce((SELECT max(r.last_load_id) FROM migration.rollback r "
        "WHERE r.cohort = l.cohort), 0)",
        (list(cohorts), min(loads, default=0)),
    )
    if later := [int(row[0]) for row in cursor.fetchall()]:
        cursor.execute(
            "SELECT l.cohort, j.entity, count(*) FROM migration.journal j "
            "JOIN migration.load l ON l.id = j.load_id "
            "JOIN touched t ON t.entity = j.entity AND t.id = j.destination_id "
            "WHERE j.load_id = ANY(%s) AND j.load_id > t.first "
            "GROUP BY l.cohort, j.entity ORDER BY l.cohort, j.entity",
            (later,),
        )
        for other, entity, number in cursor.fetchall():
            sentence = (
                f"{number:,} records of {entity} were written later by a load of cohort {other}: roll "
                f"{other} back first, or together with it"
            )
            said.append(Refusal(sentence, other))
    reference = any(
        entities[name].is_reference
        for name in count_by_name(cursor, "entity FROM undo")
        if name in entities
    )
    made = count_by_name(cursor, "entity FROM leaving WHERE made")
    if reference and made:
        named = ", ".join(f"{number:,} of {name}" for name, number in made.items())
        said.append(Refusal(f"reference records are used: {named} refer to them"))
    for key in keys:
        if (
            own.get(key.child.number) in made
            and len(key.columns) == 1
            and key.parent_columns == ("id",)
        ):
            cursor.execute(
                sql.SQL(
                    "SELECT c.cohort, count(*) FROM leaving l JOIN {child} d ON d.ctid = l.tid "
                    "JOIN migration.crosswalk c ON c.destination_id = d.{column} "
                    "WHERE l.made AND l.relation = {number} AND c.fingerprint IS NOT NULL "
                    "AND c.cohort <> ALL(%s) AND c.cohort <> 'reference' GROUP BY c.cohort ORDER BY c.cohort"
                ).format(
                    child=key.child.identifier,
                    column=sql.Identifier(key.columns[0]),
                    number=key.child.number,
                ),
                (list(cohorts),),
            )
            for other, number in cursor.fetchall():
                sentence = (
                    f"{number:,} rows of {key.child.said} made at the destination hang on records of "
                    f"{these} and of cohort {other}: decide about them there first, or roll {other} "
                    "back together with it"
                )
                said.append(Refusal(sentence, other))
    return list(dict.fromkeys(said))


def count_by_name(cursor: psycopg.Cursor, what: str, *values: str) -> dict[str, int]:
    """How many rows `what` (a column FROM something) has of each name."""
    cursor.execute(
        f"SELECT name, count(*) FROM (SELECT {what}) AS found (name) GROUP BY 1 ORDER BY 1", values
    )
    return {name: int(number) for name, number in cursor.fetchall()}
