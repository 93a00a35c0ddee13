"""Duplicate: what the newest search says of patients who may be registered twice, and what became of it.

By token, no values: two registrations are looked at side by side on the page of an exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migration_platform.duplicate.merging import list_likeness
from migration_platform.duplicate.pair_store import newest_search
from migration_platform.platform import Platform
from migration_platform.room.page.headline import Headline, count_noun
from migration_platform.room.page.sheet import Part, Sheet
from migration_platform.room.table import Cell, make_table

NOBODY = Headline(
    "not-run",
    "Nobody has searched for patients who are registered twice.",
    "Whether two patients are one person is not known before.",
)


def describe_duplicates(platform: Platform, most: int | None = None) -> Sheet:
    """The pairs of the newest search, the likeliest first, then those of people; so many of them."""
    if newest_search(platform.store) is None:
        return Sheet("Duplicates", NOBODY, (), trail=TRAIL)
    search, pairs = list_likeness(platform)
    still = sum(not pair["decision"] for pair in pairs)
    among = f"Searched {count_noun(search.records, f'{search.entity} record')}; it decides nothing."
    queued = _queued(platform, [pair["token"] for pair in pairs[:most]])
    table = make_table(
        "pairs",
        "The likeliest first",
        ("Record", "May be the person of", "Decision", "Probability #", "Weight #", "Speaks for it",
         "Speaks against it"),
        [
            (
                Cell(p["token"], link=f"/exceptions/{p['token']}" if p["token"] in queued else ""),
                p["other"],
                Cell(p["decision"], "passed") if p["decision"] else Cell("open", "not-run"),
                *_weigh(p),
            )
            for p in pairs[:most]
        ],
        empty="No two patients looked like one person.",
        url="/duplicates/pairs.csv",
    )  # fmt: skip
    searches = make_table(
        "search",
        "The newest counts",
        ("Searched", "Records #", "Pairs #", "Not decided #", "Of content =", "Method"),
        [(search.found_at, search.records, len(pairs), still, search.digest[:12], search.method)],
        empty="",
        url="/duplicates/search.csv",
    )
    more = f"{len(pairs) - most:,} more are in the CSV file." if most and len(pairs) > most else ""
    return Sheet(
        "Duplicates",
        Headline("held" if still else "passed", _say(len(pairs), still), among),
        (Part("Pairs", table, more), Part("The search", searches)),
        trail=TRAIL,
    )


TRAIL = (("/", "Waves"), ("/exceptions", "Exceptions"))


def _weigh(pair: Mapping[str, Any]) -> tuple[str | None, str | None, str, str]:
    """What speaks for a pair: the search's figures, or who proposed it."""
    if pair["proposed_by"]:
        return None, None, f"proposed by {pair['proposed_by']}", ""
    figures = f"{pair['probability']:.4f}", f"{pair['weight']:.1f}"
    return *figures, ", ".join(pair["agrees"]), ", ".join(pair["differs"])


def _say(pairs: int, still: int) -> str:
    if not pairs:
        return "No two patients look like one person."
    found = f"{count_noun(pairs, 'pair')} of registrations may be one person each"
    return f"{found}: {still:,} not decided." if still else f"{found}: all are decided."


def _queued(platform: Platform, tokens: list[str]) -> set[str]:
    """Those that have a page in the queue: their cohort has been transformed."""
    rows = platform.store.read(
        "SELECT DISTINCT token FROM migration.exception WHERE token = ANY(%s)", (tokens,)
    )
    return {row["token"] for row in rows}
