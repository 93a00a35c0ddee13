"""Blind spots: what this migration's reconciliation cannot see, from what is declared and recorded.

Pure. A verifier that does not say what it cannot see asks to be believed: this statement stands above
every sign-off and is part of the evidence, so that a promotion's digest covers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from migration_platform.entity import Entity, Field

KINDS: dict[str, str] = {
    "equality": "Fields that are not compared exactly",
    "unproven": "Fields whose mapping nobody proves",
    "loss": "What the mapping does not carry over",
    "left out": "Records that are not compared",
    "corrected": "Values that people corrected",
    "unread": "Source columns that no entity reads",
    "method": "What no comparison of this kind can see",
    "unplanted": "Kinds of faults that are not planted to test it",
}
"""Each kind of blind spot, as a heading; in this order."""

METHOD = (
    "Whether the source itself was right.",
    "What the source changed or added after the extract: a night asks the source for it, a comparison "
    "does not.",
    "Rows at the destination of patients whom no cohort has, in entities that belong to a patient.",
    "A rule that was misunderstood alike in the mapping and in its second reading.",
    "A rule that archives, excludes or holds back a record wrongly: the record is counted, its values "
    "are not compared.",
)


CORRECTED = "what one person proposed and another accepted, not what the source says"


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """One thing that is not seen. `name` is a field, a rule or a class of faults; `count` in records
    (or columns), None where there is nothing to count or nothing has run yet."""

    kind: str
    entity: str
    name: str
    sentence: str
    count: int | None = None


def declare_blind_spots(entity: Entity) -> tuple[BlindSpot, ...]:
    """What the entity's declaration says of itself."""
    found = [spot for field in entity.fields for spot in _of_field(entity.name, field)]
    for rule in entity.rules:
        if rule.end != "excepted":
            said = f"{rule.end}: {rule.sentence}"
            found.append(BlindSpot("left out", entity.name, rule.name, said))
    if entity.retention is not None:
        said = "archived: from before the retention window"
        found.append(BlindSpot("left out", entity.name, "retention", said))
    return tuple(found)


def _of_field(entity: str, field: Field) -> Iterable[BlindSpot]:
    from migration_platform.entity import Reference  # brings Polars: not for who only reads

    equality, origin = field.equality, field.origin
    if equality.rule != "exact":
        limit = "" if equality.tolerance is None else f" of {equality.tolerance}"
        said = f"{equality.rule}{limit}: {equality.reason}"
        yield BlindSpot("equality", entity, field.name, said)
    if isinstance(origin, Reference):
        if not field.required:
            yield BlindSpot(
                "loss",
                entity,
                field.name,
                f"which {origin.entity} it was, if that one stays behind",
            )
    elif origin.reading is None:
        yield BlindSpot("unproven", entity, field.name, "its translation declares no reading")
    elif origin.reading.loss:
        yield BlindSpot("loss", entity, field.name, origin.reading.loss)


def find_blind_spots(
    declared: Iterable[BlindSpot],
    *,
    left_out: Sequence[Mapping[str, Any]],
    waiting: Mapping[str, int],
    corrected: Mapping[tuple[str, str], int],
    unread: Mapping[str, Sequence[str]],
    unplanted: Mapping[str, str],
    duplicates: str,
) -> tuple[BlindSpot, ...]:
    """The whole statement, in order of kind.

    `left_out` has, for what has run, an entry for each entity, end and rule with its count;
    `waiting` the records of each entity in the exception queue, `corrected` the corrected values by
    entity and source column, `unread` the columns of each
    entity's source table that nothing reads, `duplicates` what is not known of patients who are
    registered twice, `unplanted` classes of faults with the reason.
    """
    counts: dict[tuple[str, str], int] = {}
    ends: dict[tuple[str, str], str] = {}
    for each in left_out:
        key = (each["entity"], each["rule"])
        counts[key] = counts.get(key, 0) + each["count"]
        ends[key] = each["end"]
    ran = {entity for entity, _ in counts}
    found = [
        replace(spot, count=counts.pop((spot.entity, spot.name), 0 if spot.entity in ran else None))
        if spot.kind == "left out"
        else spot
        for spot in declared
    ]
    found += [
        BlindSpot("left out", entity, rule, ends[entity, rule], number)
        for (entity, rule), number in counts.items()
    ]
    found += [
        BlindSpot("left out", entity, "exception queue", "they wait for a person", number)
        for entity, number in waiting.items()
        if number
    ]
    found += [
        BlindSpot("corrected", entity, column, CORRECTED, number)
        for (entity, column), number in sorted(corrected.items())
    ]
    found += [
        BlindSpot("unread", entity, "", ", ".join(columns), len(columns))
        for entity, columns in unread.items()
        if columns
    ]
    found += [BlindSpot("method", "", "", sentence) for sentence in (*METHOD, duplicates)]
    found += [BlindSpot("unplanted", "", name, reason) for name, reason in unplanted.items()]
    order = list(KINDS)
    return tuple(sorted(found, key=lambda spot: order.index(spot.kind)))


def count_blind_spots(spots: Sequence[BlindSpot]) -> dict[str, int]:
    """How many there are of each kind: records for those left out, values for those corrected,
    columns for those unread."""
    found = dict.fromkeys(KINDS, 0)
    for spot in spots:
        counted = spot.kind in ("left out", "corrected", "unread")
        found[spot.kind] += (spot.count or 0) if counted else 1
    return found


def summarize_blind_spots(counts: Mapping[str, int]) -> str:
    """The statement in one sentence."""
    corrected = f"corrected, {counts['corrected']:,} values; " if counts.get("corrected") else ""
    return (
        f"Not seen: of the fields, {counts['equality']:,} not compared exactly, {counts['unproven']:,} "
        f"unproven, {counts['loss']:,} losing something; left out, {counts['left out']:,} of the "
        f"records; {corrected}unread, {counts['unread']:,} of the source's columns; never planted, "
        f"{counts['unplanted']:,} kinds of faults"
    )
