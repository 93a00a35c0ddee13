"""Crash child: the small migration that is killed, one operation at a time, and what it leaves behind.

Each operation can be run again after it was killed, as a person would run the command again. Nothing
in the product knows of this: where a boundary is, the harness says by wrapping the database driver.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import psycopg

from migration_platform import stage as stages
from migration_platform.check import ExpectationResult
from migration_platform.database import connect
from migration_platform.decision.decision import find_break
from migration_platform.decision.move import promote
from migration_platform.decision.wave_state import find_promotion
from migration_platform.destination.digest import digest_tables
from migration_platform.entity import Entity, Field, Reference, Source, Translation
from migration_platform.errors import GateClosedError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from migration_platform.reset import start_anew
from migration_platform.rollback import record as rollback_record
from migration_platform.rollback.cohort_rollback import roll_back
from migration_platform.settings import Settings
from migration_platform.wave import load_plan
from tests.decisions import decide_beforehand, sign_all

COHORT, PEOPLE, DOCUMENTS = "one", 40, 6

WAVES = """\
[population]
table = "people"
key = "Id"

[[wave]]
name = "pilot"

[[wave.cohort]]
name = "one"

[[wave]]
name = "rest"

[[wave.cohort]]
name = "lost"
orphans = true
"""


def _text(column: str) -> Translation:
    return Translation(f"{column} as it is", (column,), pl.col(column))


ENTITIES = {
    "patient": Entity(
        "patient", "A person.", Source("people", ("Id",), "Id"),
        (Field("name", "text", _text("NAME"), required=True),), Path(__file__),
    ),
    "visit": Entity(
        "visit", "A visit.", Source("visits", ("Id",), "PATIENT"),
        (
            Field("patient_id", "uuid", Reference("patient", "PATIENT"), required=True),
            Field("note", "text", _text("NOTE")),
        ),
        Path(__file__),
    ),
    "document": Entity(
        "document", "A stored file.", Source("files", ("Id",), "PATIENT"),
        (
            Field("patient_id", "uuid", Reference("patient", "PATIENT"), required=True),
            Field("storage_path", "text", _text("PATH"), required=True),
            Field(
                "sha256", "text",
                Translation("SHA-256", ("PATH",), pl.col("_sha256"), pl.col("_document_problem")),
                required=True,
            ),
        ),
        Path(__file__), document_path="PATH",
    ),
}  # fmt: skip

TABLES = (
    "CREATE TABLE patient (id uuid PRIMARY KEY, name text NOT NULL)",
    "CREATE TABLE visit (id uuid PRIMARY KEY, patient_id uuid NOT NULL REFERENCES patient, "
    "note text)",
    "CREATE TABLE document (id uuid PRIMARY KEY, patient_id uuid NOT NULL REFERENCES patient, "
    "storage_path text NOT NULL, sha256 text NOT NULL)",
)


def open_platform() -> Platform:
    """The small migration in the home that the environment names."""
    settings = Settings.load()
    waves, owners = settings.home / "waves.toml", settings.home / "ownership.csv"
    if not waves.exists():
        waves.write_text(WAVES)
        decide_beforehand(settings.home, ("pilot", "rest"))
    owners.write_text("entity,field,owner\npatient,name,operations lead\n")
    settings = replace(settings, waves_file=waves, ownership_file=owners)
    return Platform(settings, load_plan(waves), ENTITIES, suites=lambda entity: "suite")


def prepare(platform: Platform) -> None:
    """A source, an empty destination, and the cohort transformed and checked."""
    start_anew(platform)
    with connect(platform.settings, "source") as c:
        c.execute("DROP TABLE IF EXISTS people, visits, files")
        c.execute('CREATE TABLE people ("Id" text, "NAME" text)')
        c.execute('CREATE TABLE visits ("Id" text, "PATIENT" text, "NOTE" text)')
        c.execute('CREATE TABLE files ("Id" text, "PATIENT" text, "PATH" text)')
        c.execute(
            "INSERT INTO people SELECT 'p' || i, 'Name ' || i FROM generate_series(1, %s) i",
            (PEOPLE,),
        )
        c.execute(
            "INSERT INTO visits SELECT 'v' || i, 'p' || (1 + i %% %s), 'note ' || i "
            "FROM generate_series(1, %s) i",
            (PEOPLE, 5 * PEOPLE),
        )
        c.execute(
            "INSERT INTO files SELECT 'f' || i, 'p' || i, 'scan/' || i || '.txt' "
            "FROM generate_series(1, %s) i",
            (DOCUMENTS,),
        )
    folder = platform.settings.source_documents / "scan"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, DOCUMENTS + 1):
        (folder / f"{number}.txt").write_text(f"content {number}\n" * 100)
    with connect(platform.settings, "destination") as c:
        for statement in TABLES:
            c.execute(statement)
    stages.extract(platform, COHORT, list(ENTITIES))
    for entity in ENTITIES:
        stages.transform(platform, COHORT, entity)
        _check(platform, entity, "transformed")
    # The reference cohort has no entity here; the orphans' one is of the wave after.


def load(platform: Platform) -> None:
    for entity in ENTITIES:
        stages.load(platform, COHORT, entity)
        _check(platform, entity, "destination")


def reconcile(platform: Platform) -> None:
    for entity in ENTITIES:
        stages.reconcile(platform, COHORT, entity)


def promotion(platform: Platform) -> None:
    if find_promotion(platform.store.decisions(), "pilot") is None:
        promote(platform, "pilot", person="Ada", reason="clean")


def sign(platform: Platform) -> None:
    """What people say before a promotion. Never killed."""
    sign_all(platform, "pilot")


def write(platform: Platform) -> None:
    """What people write at the destination after cutover. Never killed: it is not ours."""
    with connect(platform.settings, "destination") as c:
        c.execute("UPDATE patient SET name = 'theirs' WHERE name = 'Name 7'")
        c.execute("DELETE FROM visit WHERE note = 'note 9'")
        c.execute("INSERT INTO visit SELECT md5('made')::uuid, id, 'made' FROM patient "
                  "WHERE name = 'Name 3'")  # fmt: skip


def rollback(platform: Platform) -> None:
    try:
        roll_back(platform, [COHORT], person="Ada", reason="drift")
    except GateClosedError:
        # Killed after its last word: run again, it says that nothing is loaded.
        if rollback_record.newest(platform.store, COHORT) is None:
            raise


OPERATIONS: dict[str, Callable[[Platform], None]] = {
    "load": load,
    "reconcile": reconcile,
    "promote": promotion,
    "rollback": rollback,
}
"""What is killed, in order."""

BEFORE: dict[str, Callable[[Platform], None]] = {"promote": sign, "rollback": write}
"""What people do before that."""


def _check(platform: Platform, entity: str, point: Any) -> None:
    batch = stages.batch(platform, COHORT, entity, point)
    results = [ExpectationResult("e", "", "s", "passed", batch.rows, 0, 0)]
    stages.record_check(platform, batch, "suite", results)


def kill_at(boundary: int) -> Callable[[], int]:
    """Kill this process just before (odd) or just after (even) a round trip to the database or a
    file put in place, the how manieth `boundary` says; 0: never. Returns a count of them so far."""
    passed = 0

    def reach() -> None:
        nonlocal passed
        passed += 1
        if passed == boundary:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*words: Any, **named: Any) -> Any:
            reach()
            result = call(*words, **named)
            reach()
            return result

        return wrapped

    psycopg.Connection.wait = around(psycopg.Connection.wait)
    os.replace = around(os.replace)
    return lambda: passed


def describe(platform: Platform) -> dict[str, Any]:
    """All that must be the same however often it was killed on the way."""
    settings = platform.settings
    with platform.destination() as c:
        tables = digest_tables(c, [psycopg.sql.Identifier(name) for name in ENTITIES])
        ours = {
            name: c.execute(query).fetchall()
            for name, query in {
                "crosswalk": "SELECT cohort, entity, source_id, destination_id::text, "
                "fingerprint::text FROM migration.crosswalk ORDER BY 1, 2, 3",
                "journal": "SELECT l.cohort, dense_rank() OVER (ORDER BY load_id), j.entity, "
                "destination_id::text, action, before, after FROM migration.journal j "
                "JOIN migration.load l ON l.id = j.load_id ORDER BY 2, 4",
                "load": "SELECT cohort, entity, digest, inserted, updated, withdrawn "
                "FROM migration.load ORDER BY id",
                "rollback": "SELECT cohort, number, person, counts, digest_before, digest_after "
                "FROM migration.rollback ORDER BY id",
            }.items()
        }
    store = platform.store
    runs = [
        (r.cohort, r.entity, r.stage, r.row_count, r.digest, r.input_digest, r.counts)
        for r in store.latest_runs([COHORT])
        # What a load wrote is counted by the run that wrote it; one that found it done wrote none.
        for r in [
            replace(r, counts={k: v for k, v in r.counts.items() if k == "loaded"})
            if r.stage == "load"
            else r
        ]
    ]
    checks = [(o.entity, o.point, o.digest, o.outcome) for o in store.check_outcomes([COHORT])]
    decisions = store.decisions()
    newest = rollback_record.newest(store, COHORT)
    evidence = assemble_evidence(platform, "pilot")
    return {
        "tables": tables,
        **{name: _digest(rows) for name, rows in ours.items()},
        "runs": _digest(runs),
        "checks": _digest(checks),
        "decisions": [(d.sequence, d.wave, d.action, d.person) for d in decisions],
        "log broken at": find_break(decisions),
        "rollback record": newest
        and _digest([newest.number, newest.counts, [str(w) for w in newest.writes]]),
        "unended rollbacks": len(rollback_record.find_running(store, [COHORT])),
        "reasons": [r.split(" at ")[0] for r in evidence.reasons],
        "staging": _files(settings.staging),
        "documents": _files(settings.destination_documents),
    }


def write_description(path: Path, platform: Platform) -> None:
    """The same as JSON, where the harness reads it."""
    path.write_text(json.dumps(describe(platform)))


def _files(folder: Path) -> dict[str, str]:
    """What stands below a folder. Drafts that a kill left are not looked at by anybody."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, default=str, sort_keys=True).encode()).hexdigest()
