"""The fault matrix: each fault planted by itself, and what we and the peers make of it, side by side.

`python -m benchmarks.peers` (`make bench-faults`). Ours goes the platform's way: the table is the
destination, the crosswalk knows its records, `Readback`, `find_suspects` and `explain` look at it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from benchmarks import synthetic
from benchmarks.peer import Peer, peers
from benchmarks.planted import BENIGN, FAULTS, Planted
from benchmarks.verdict import judge_table
from migration_platform.database import connect
from migration_platform.entity import Entity, Field, Source, Translation, Type
from migration_platform.settings import Settings

ROWS, LAST = 500, 499

TYPES: dict[str, Type] = {
    **synthetic.TYPES,
    "note": "text",
    "city": "text",
    "blank": "text",
    "filled": "text",
    "left_part": "text",
    "right_part": "text",
    "absent": "integer",
    "big": "integer",
    "no_day": "date",
    "payload": "text",
}

MORE = """
SELECT * REPLACE ((amount + 0.123456)::decimal(18, 6) AS amount), 'First line' || chr(10) || 'it' || chr(8217) || 's fine ' || chr(128512) || ' to the end'
AS note, 'S' || chr(227) || 'o Paulo' AS city, NULL::varchar AS blank, '' AS filled,
'a' AS left_part, '|b' AS right_part, NULL::bigint AS absent, 123456789012345678 AS big,
NULL::date AS no_day, '{"dose": 5, "unit": "mg", "days": [1, 2]}' AS payload FROM (%s)
"""

ENTITY = Entity(
    "found",
    "The small table.",
    Source("found", ("id",), "id"),
    tuple(Field(n, t, Translation(n, (n,), pl.col(n))) for n, t in TYPES.items()),
    Path(__file__),
)

RESET = (
    "SET search_path = public",
    "DROP TABLE IF EXISTS found_rows CASCADE",
    "DROP TABLE IF EXISTS found CASCADE",
    "DROP FUNCTION IF EXISTS pass",
    "ALTER ROLE CURRENT_USER RESET ALL",
    "CREATE TABLE found AS TABLE sent",
    "ALTER TABLE found ALTER id SET NOT NULL",
)  # fmt: skip

Answer = tuple[str, bool]
"""What came of it (hit, miss, crash; quiet, alarm), and whether that is as it must be."""


@dataclass(frozen=True)
class Tool:
    """A tool by name; `find` gives the ids it names, and ours the fields beside."""

    name: str
    find: Callable[[], tuple[set[str], set[tuple[str, str]] | None]]


def main() -> int:
    """Print the matrix; 1 if ours missed, misplaced, crashed or raised a false alarm."""
    with (
        tempfile.TemporaryDirectory(prefix="migration-bench-") as folder,
        synthetic.home() as settings,
        peers("reladiff", "data-diff", "datacompy") as running,
    ):
        sent = Path(folder) / "sent.parquet"
        ids = _prepare(settings, sent)
        tools = [Tool("ours", lambda: judge_table(settings, sent, ENTITY))]
        tools += [each for peer in running for each in _of_peer(peer, synthetic.address(settings))]
        print(f"{'':36s}" + "".join(f"{t.name:>20s}" for t in tools))
        print(f"Faults, {len(FAULTS)}")
        faults = [_try(settings, tools, each, ids) for each in FAULTS]
        print(f"Benign changes, {len(BENIGN)}")
        benign = [_try(settings, tools, each, ids) for each in BENIGN]
        for title, rows, words in (
            ("found / missed / crashed", faults, ("hit", "miss", "crash")),
            ("quiet / false alarm / crashed", benign, ("quiet", "alarm", "crash")),
        ):
            totals = [
                "/".join(str(sum(r[n][0].split(",")[0] == w for r in rows)) for w in words)
                for n in range(len(tools))
            ]
            print(f"{title:36s}" + "".join(f"{t:>20s}" for t in totals))
        return 0 if all(row[0][1] for row in faults + benign) else 1


def _prepare(settings: Settings, sent: Path) -> list[str]:
    duck = synthetic.memory()
    query = MORE % synthetic.ROWS.format(rows=ROWS)
    duck.execute(f"COPY ({query} ORDER BY id) TO '{sent}' (FORMAT parquet)").fetchall()
    duck.close()
    synthetic.load_table(settings, sent, "sent", crosswalk=sent, types=TYPES)
    with connect(settings, "destination") as postgres:
        postgres.execute("ALTER TABLE public.sent ALTER amount TYPE numeric(30, 12)")
        postgres.execute("UPDATE migration.crosswalk SET entity = 'found'")
    return pl.read_parquet(sent, columns=["id"])["id"].to_list()


def _of_peer(peer: Peer, address: str) -> list[Tool]:
    def asking(mode: str) -> Callable[[], tuple[set[str], None]]:
        def find() -> tuple[set[str], None]:
            answer = peer.ask(
                url=address, sent="sent", found="found", columns=list(TYPES), mode=mode
            )
            if "error" in answer:
                raise RuntimeError(answer["error"])
            return set(answer["ids"]), None

        return find

    if peer.name == "datacompy":
        return [Tool(peer.name, asking(""))]
    return [Tool(f"{peer.name} {mode}", asking(mode)) for mode in ("hashdiff", "joindiff")]


def _try(settings: Settings, tools: list[Tool], planted: Planted, ids: list[str]) -> list[Answer]:
    """Plant it, ask every tool, print its line."""
    names = {"id": ids[250], "other": ids[120], "last": ids[LAST]}
    with connect(settings, "destination", autocommit=True) as postgres:
        for statement in RESET:
            postgres.execute(statement)
        if planted.keyed:
            postgres.execute("ALTER TABLE found ADD PRIMARY KEY (id)")
        for statement in planted.sql.split("; "):
            postgres.execute(statement.format(**names).encode())
    where = {(i.format(**names), field) for i, field in planted.where}
    answers = [_judge(tool, where) for tool in tools]
    print(f"  {planted.name:34s}" + "".join(f"{a[0]:>20s}" for a in answers), flush=True)
    return answers


def _judge(tool: Tool, where: set[tuple[str, str]]) -> Answer:
    try:
        found, located = tool.find()
    except Exception as error:  # a tool that cannot look is a result here
        print(f"{tool.name}: {error}", file=sys.stderr)
        return "crash", False
    if not where:
        return ("alarm", False) if found else ("quiet", True)
    if found != {i for i, _ in where}:
        return ("miss" if not found else "miss, elsewhere"), False
    if located is None or located == where:
        return "hit", True
    return "hit, other field", False


if __name__ == "__main__":
    sys.exit(main())
