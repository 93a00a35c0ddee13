"""A search reads everybody, queues what it finds, and names nobody."""

from __future__ import annotations

import json

import polars as pl
import psycopg
import pytest

from migration_platform.database import connect
from migration_platform.duplicate.pair_store import members_of, newest_search, pairs_of
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.exception.store import list_open
from migration_platform.platform import Platform
from migration_platform.source_record import POPULATION
from tests.migration_platform.duplicate.clinic import mark, move, people, say, search


def waiting(platform: Platform, cohort: str) -> set[str]:
    rows = list_open(platform.store, [cohort], kind="possible duplicate")
    return {row["token"] for row in rows}


def test_everybody_is_searched_and_queued_once_their_cohort_has_run(platform: Platform) -> None:
    found = search(platform)
    assert (found.records, found.left_out, found.clusters, found.waiting) == (43, 0, 4, 4)
    assert waiting(platform, "one") == set()

    move(platform, "one")

    # cora-2 is held back by the source's own rule: it is not queued a second time.
    assert waiting(platform, "one") == {mark(platform, n) for n in ("anna-2", "ben-2", "zoe")}
    [held] = list_open(platform.store, ["one"], kind="duplicate")
    assert held["token"] == mark(platform, "cora-2")


def test_a_later_search_takes_the_place_of_the_one_before(platform: Platform) -> None:
    move(platform)
    first = search(platform)
    with connect(platform.settings, "source") as connection:
        connection.execute("DELETE FROM people WHERE \"Id\" = 'zoe'")

    second = search(platform)

    assert second.number > first.number
    assert waiting(platform, "one") == {mark(platform, n) for n in ("anna-2", "ben-2")}


def test_repeated_rows_and_what_staff_made_are_nobody(platform: Platform) -> None:
    with connect(platform.settings, "source") as connection:
        connection.execute("INSERT INTO people SELECT * FROM people WHERE \"Id\" = 'p03'")
        connection.execute(
            "INSERT INTO people VALUES ('p04', 'Other', 'Person', '1999-01-01', '1', '2', 'MA')"
        )

    found = search(platform)

    assert (found.records, found.left_out, found.clusters) == (45, 2, 4)


def test_what_is_kept_names_records_by_token_and_cannot_be_changed(platform: Platform) -> None:
    move(platform)
    search(platform)

    kept = newest_search(platform.store)
    assert kept is not None
    tokens = {m.token for m in members_of(platform.store, kept)}
    assert tokens == {mark(platform, p[0]) for p in people()[35:]}
    with platform.store.transaction() as connection:
        row = connection.execute(
            "SELECT (SELECT json_agg(m)::text FROM migration.duplicate_member m) || "
            "(SELECT json_agg(p)::text FROM migration.duplicate_pair p) || "
            "(SELECT json_agg(s)::text FROM migration.duplicate_search s) AS text"
        ).fetchone()
    assert row is not None
    assert [v for p in people() for v in p[:6] if len(v) > 3 and v in row["text"]] == []
    for table in ("search", "member", "pair"):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            platform.store.transaction() as connection,
        ):
            connection.execute(f"DELETE FROM migration.duplicate_{table}")
    path = platform.staging.path(POPULATION, "patient", "extract")
    assert path.stat().st_mode & 0o777 == 0o600
    assert pl.read_parquet(path).height == 43
    assert all(0.95 <= p.probability < 1 for p in pairs_of(platform.store, kept))


def test_the_blind_spots_say_whether_anybody_has_searched(platform: Platform) -> None:
    def said() -> list[str]:
        spots = assemble_evidence(platform, "pilot").document["blind_spots"]
        return [s["sentence"] for s in spots if "one person" in s["sentence"]]

    move(platform)
    [before] = said()
    search(platform)
    [after] = said()

    assert "nobody has searched" in before
    assert "over 43 records" in after


def test_a_pair_is_found_listed_and_merged_from_the_command_line(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(platform)
    monkeypatch.setattr(Platform, "open", classmethod(lambda cls: platform))
    own, other = mark(platform, "anna-2"), mark(platform, "anna-1")

    assert "4 of 43 patient records may be a second registration" in say("duplicates", "find")
    by = ("--by", "Bob", "--reason", "same papers", "--json")
    number = json.loads(say("exception", "merge", own, "--into", other, *by))["number"]
    by = ("--by", "Ada", "--reason", "called them")
    say("exception", "accept", own, "--proposal", str(number), *by)

    pairs = json.loads(say("duplicates", "list", "--json"))["pairs"]
    assert {p["token"]: p["decision"] for p in pairs}[own] == f"merge into {other}"
    assert "3 not decided" in say("duplicates", "list")
    shown = say("exception", "show", own)
    assert f"may be the same person as {other}" in shown
    assert f"in force: merge {other}" in shown
    seen = say(
        "exception", "show", own, "--values", "--by", "Ada", "--reason", "to compare the two"
    )
    assert "LAST: Bergstrom-Lee | Bergstrom" in seen
