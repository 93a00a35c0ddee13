"""Mapping document: field by field, where each destination value comes from and who owns it.

Made from the declarations that do the mapping, so that it cannot say anything else.
"""

from __future__ import annotations

from typing import Any

from migration_platform.entity import Entity, Field, Reference
from migration_platform.platform import Platform
from migration_platform.reconciliation.source_reading import KINDS


def mapping_rows(platform: Platform, entity: str) -> list[dict[str, Any]]:
    """A row per field: entity, field, type, required, source columns, rule, what proves it and what
    it loses, owner, on failure."""
    declared = platform.entity(entity)
    return [
        {
            "entity": entity,
            "field": f.name,
            "type": f.type,
            "required": f.required,
            "source": [f"{declared.source.table}.{c}" for c in f.columns],
            "rule": f.origin.sentence,
            "proof": _proof(f),
            "loss": _loss(f),
            "owner": platform.owner(entity, f.name),
            "on_failure": _failure(f.origin, f.required),
            "description": f.description,
        }
        for f in declared.fields
    ]


def mapping_markdown(platform: Platform, entity: str) -> str:
    """The entity's part of the document."""
    declared = platform.entity(entity)
    lines = [f"## {entity}", "", declared.description, ""]
    lines += [f"- {sentence}" for sentence in _rules(platform, declared)]
    lines += [
        "",
        "| field | type | from | rule | proved by | lost | owner | if it cannot be translated |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in mapping_rows(platform, entity):
        name = f"**{row['field']}**" if row["required"] else row["field"]
        cells = [
            name,
            row["type"],
            ", ".join(row["source"]),
            row["rule"],
            row["proof"],
            row["loss"],
            row["owner"],
            row["on_failure"],
        ]
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join([*lines, ""])


def _rules(platform: Platform, entity: Entity) -> list[str]:
    source = entity.source
    said = [
        f"Source: table `{source.table}`, a record is one "
        + ("key" if source.unique else "row, told apart by")
        + f" ({', '.join(source.key)}). Bold fields are required."
    ]
    if source.distinct:
        said.append(
            f"A second record with the same {' and '.join(source.distinct)} anywhere in the table "
            "is a suspected duplicate: it waits in the exception queue."
        )
    months = platform.plan.months(entity.name)
    if entity.retention and months:
        keep = (
            f", unless {entity.retention.keep_sentence}" if entity.retention.keep_sentence else ""
        )
        said.append(
            f"Retention: older than {months} months before the as-of date by "
            f"{', '.join(entity.retention.since.columns)} is archived{keep}."
        )
    else:
        said.append("Retention: none; its whole history moves.")
    said += [f"Rule `{r.name}` ({r.end}): {r.sentence}" for r in entity.rules]
    said += [f"Concern `{c.name}` (it moves; {c.kind}): {c.sentence}" for c in entity.concerns]
    return said


def _proof(field: Field) -> str:
    """By what reconciliation proves the mapping."""
    if isinstance(field.origin, Reference):
        return "that record's own id"
    reading = field.origin.reading
    return "**nobody**" if reading is None else KINDS[reading.kind][0]


def _loss(field: Field) -> str:
    """What of the source the value does not tell any more."""
    if isinstance(field.origin, Reference):
        return "" if field.required else f"which {field.origin.entity}, if it stays behind"
    return field.origin.reading.loss if field.origin.reading else ""


def _failure(origin: object, required: bool) -> str:
    if isinstance(origin, Reference):
        fate = "shares its fate" if required else "stays empty"
        return f"exception if broken; waits if that {origin.entity} waits; archived or excluded: {fate}"
    empty = "exception if empty or untranslatable" if required else "exception if untranslatable"
    return empty
