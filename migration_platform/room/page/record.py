"""Record: what was decided, rehearsed and seen, as lists: the decision log, drills, nights, looks at values,
the mapping of each entity."""

from __future__ import annotations

from typing import Any

from migration_platform.decision.log import verify
from migration_platform.night.log import read_history, read_newest
from migration_platform.platform import REFERENCE, Platform
from migration_platform.rollback.drill_record import newest_drills
from migration_platform.room.page.headline import Headline, count_noun
from migration_platform.room.page.sheet import Part, Sheet
from migration_platform.room.page.wave import list_drills
from migration_platform.room.table import Cell, make_table
from migration_platform.value_view import read_views

NIGHTS = 30
NIGHT_SHAPES = {
    "could not look": "error",
    "drift": "failed",
    "behind source": "held",
    "clean": "passed",
    "unchanged": "passed",
}


def describe_decisions(platform: Platform, wave: str = "") -> Sheet:
    """The decision log, newest first, and whether it is whole."""
    state = verify(platform)
    entries = [d for d in reversed(platform.store.decisions()) if wave in ("", d.wave)]

    def about(detail: Any) -> str:
        return str(detail.get("role") or detail.get("item") or detail.get("cohort") or "")

    if state.whole:
        headline = Headline(
            "passed",
            f"The decision log is whole: {count_noun(state.entries, 'entry', 'entries')}.",
            "The role that the platform uses cannot alter it."
            if not state.powers
            else f"It could be altered: {'; '.join(state.powers)}.",
        )
    else:
        broken = state.broken if state.broken is not None else state.removed
        headline = Headline(
            "failed",
            f"The decision log is not whole from entry {broken} on.",
            "Nothing loads and nothing can be decided until it is restored.",
        )
    table = make_table(
        "decisions",
        "Each entry is bound to the one before it by a hash",
        ("#", "When", "Wave", "Decision", "Who", "Why", "On evidence =", "Hash ="),
        [
            (
                str(d.sequence),
                d.decided_at,
                Cell(d.wave, link=f"/waves/{d.wave}" if d.wave != REFERENCE else ""),
                Cell(d.action, note=about(d.detail)),
                d.person,
                d.reason,
                d.evidence_digest[:12],
                d.hash[:12],
            )
            for d in entries
        ],
        empty="Nothing has been decided yet.",
        url=f"/decisions/decisions.csv{'?wave=' + wave if wave else ''}",
    )
    return Sheet("decisions", headline, (Part("Newest first", table),))


def describe_drills(platform: Platform) -> Sheet:
    """The newest rehearsal of each cohort."""
    names = [c.name for c in platform.plan.cohorts]
    drills = newest_drills(platform.store, names)
    failed = sum(not d.passed for d in drills)
    rehearsed = count_noun(len(drills), "cohort")
    if not drills:
        headline = Headline("not-run", "No rollback has been rehearsed.")
    elif failed:
        headline = Headline("failed", f"{failed:,} of {rehearsed} failed the drill.")
    else:
        headline = Headline(
            "passed", f"The rollback of {rehearsed} was rehearsed, and restored all."
        )
    return Sheet(
        "drills", headline, (Part("Newest of each", list_drills([d.evidence for d in drills], "")),)
    )


def describe_nights(platform: Platform) -> Sheet:
    """What the last nights found, and what of the newest stands."""
    names = [REFERENCE, *(c.name for c in platform.plan.cohorts)]
    newest = read_newest(platform.store, names)
    history = read_history(platform.store, names, NIGHTS)
    standing = [(cohort, found) for cohort, found in newest.items() if found["findings"]]
    if not newest:
        headline = Headline("not-run", "No night has looked at a live cohort yet.")
    elif standing:
        headline = Headline(
            "failed",
            f"In their last night, {count_noun(len(standing), 'cohort')} of {len(newest):,} were "
            "not as sent, or could not be looked at.",
        )
    else:
        headline = Headline("passed", "In the last night every live cohort was as it was sent.")
    found = make_table(
        "findings",
        "What the newest night of each cohort found",
        ("Cohort", "Night", "What", "Looked at"),
        [
            (Cell(c, link=f"/cohorts/{c}"), str(f["night"]), Cell(each.kind, "held", note=each.said),
             f["looked_at"])
            for c, f in standing
            for each in f["findings"]
        ],
        empty="Nothing was found." if newest else "No night has looked yet.",
        url="/nights/findings.csv",
    )  # fmt: skip
    nights = make_table(
        "nights",
        "The last look of each night at each cohort",
        ("Night", "Cohort", "Outcome"),
        [
            (str(h["night"]), Cell(h["cohort"], link=f"/cohorts/{h['cohort']}"),
             Cell(h["outcome"], NIGHT_SHAPES[h["outcome"]]))
            for h in history
        ],
        empty="No night has looked yet: `migration nightly`.",
        url="/nights/nights.csv",
    )  # fmt: skip
    return Sheet("nights", headline, (Part("To look at", found), Part("The last nights", nights)))


def describe_views(platform: Platform) -> Sheet:
    """Who looked at patients' values, newest first."""
    views = read_views(platform)
    table = make_table(
        "views",
        "The newest 500",
        ("When", "Who", "What", "Record =", "Why", "Where"),
        [(v.viewed_at, v.person, v.what, v.token, v.reason, v.way) for v in views],
        empty="Nobody has looked at a patient's values.",
        url="/views/views.csv",
    )
    said = count_noun(len(views), "look")
    return Sheet(
        "views",
        Headline("not-asked", f"{said} at patients' values, each with a reason."),
        (Part("Looks", table),),
    )


def describe_mapping(platform: Platform, entity: str) -> Sheet:
    """The mapping document and the ownership of one entity, or the list of entities."""
    if not entity:
        table = make_table(
            "entities",
            "Every kind of record that moves",
            ("Entity", "Fields #", "Comes after", "Owners"),
            [
                (Cell(o.name, link=f"/mapping/{o.name}"), len(o.fields), ", ".join(o.parents),
                 ", ".join(platform.owners(o.name)))
                for o in platform.outlines.values()
            ],
            empty="No entity is declared.",
            url="/mapping/table/entities.csv",
        )  # fmt: skip
        number = count_noun(len(platform.outlines), "entity", "entities")
        return Sheet(
            "mapping", Headline("not-asked", f"{number} move."), (Part("Entities", table),)
        )
    from migration_platform.mapping_document import mapping_rows  # brings the mappings themselves

    rows = mapping_rows(platform, platform.outline(entity).name)
    table = make_table(
        "fields",
        "From the declarations that do the mapping; the owner works its exceptions",
        ("Field", "Type", "Required", "From", "Rule", "Proved by", "Lost", "Owner",
         "If it cannot be translated"),
        [
            (r["field"], r["type"], "yes" if r["required"] else "no", ", ".join(r["source"]),
             r["rule"], r["proof"].strip("*"), r["loss"], r["owner"], r["on_failure"])
            for r in rows
        ],
        empty="No field is declared.",
        url=f"/mapping/{entity}/fields.csv",
    )  # fmt: skip
    return Sheet(
        entity,
        Headline("not-asked", f"{entity} has {count_noun(len(rows), 'field')}."),
        (Part("Fields", table),),
        trail=(("/mapping", "Mapping"),),
    )
