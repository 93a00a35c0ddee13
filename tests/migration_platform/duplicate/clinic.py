"""A clinic of some forty patients, a few of them registered twice, and how its tests move it."""

from __future__ import annotations

from pathlib import Path

from psycopg import sql
from typer.testing import CliRunner

from migration_platform import stage as stages
from migration_platform.command import make_app
from migration_platform.database import connect
from migration_platform.destination.digest import digest_tables
from migration_platform.duplicate.merging import propose_merge
from migration_platform.duplicate.search import Found, search_duplicates
from migration_platform.entity import Entity, Field, Likeness, Reference, Source
from migration_platform.exception.resolution import accept
from migration_platform.exception.ruling import Act
from migration_platform.exception.store import list_open
from migration_platform.ledger import account_for
from migration_platform.platform import Platform
from migration_platform.token import token
from migration_platform.trace import trace_record
from migration_platform.translation import date, identifier, text
from tests.migration_platform.stage.small_migration import check, destination

WAVES = """\
[population]
table = "people"
key = "Id"
state = "STATE"

[[wave]]
name = "pilot"
max_excepted_percent = 50

[[wave.cohort]]
name = "one"
where = { state = ["MA"] }

[[wave.cohort]]
name = "two"

[[wave]]
name = "rest"

[[wave.cohort]]
name = "lost"
orphans = true
"""

PATIENT = Entity(
    "patient", "A person.", Source("people", ("Id",), "Id", distinct=("SSN",)),
    (
        Field("first_name", "text", text("FIRST"), required=True),
        Field("last_name", "text", text("LAST"), required=True),
        Field("birth_date", "date", date("BORN")),
        Field("phone", "text", identifier("PHONE")),
        Field("national_id", "text", identifier("SSN")),
    ),
    Path(__file__),
    likeness=Likeness(
        spelled=("first_name", "last_name"), dates=("birth_date",),
        exact=("phone", "national_id"),
        blocks=(("national_id",), ("birth_date",), ("phone",)),
    ),
)  # fmt: skip
VISIT = Entity(
    "visit", "A visit.", Source("visits", ("Id",), "PATIENT"),
    (
        Field("patient_id", "uuid", Reference("patient", "PATIENT"), required=True),
        Field("note", "text", identifier("NOTE")),
    ),
    Path(__file__),
)  # fmt: skip
RESULT = Entity(
    "result", "What a visit found.", Source("results", ("Id",), "PATIENT"),
    (
        Field("patient_id", "uuid", Reference("patient", "PATIENT"), required=True),
        Field("visit_id", "uuid", Reference("visit", "VISIT"), required=True),
        Field("value", "text", identifier("VALUE")),
    ),
    Path(__file__),
)  # fmt: skip
ENTITIES = {e.name: e for e in (PATIENT, VISIT, RESULT)}

FIRST = ("Ada", "Boris", "Chloe", "Dmitri", "Esther", "Farid", "Greta", "Hugo", "Ines", "Jonas")
LAST = ("Abbott", "Benoit", "Castillo", "Dahl", "Eriksen", "Farrow", "Grant")
TWICE = (
    # The same telephone and birth date, another family name since; no number.
    ("anna-1", "Anna", "Bergstrom", "1980-03-04", "555-0191", "900-01", "MA"),
    ("anna-2", "Anna", "Bergstrom-Lee", "1980-03-04", "555-0191", "", "MA"),
    # The fuller record stands in the other cohort.
    ("ben-1", "Benjamin", "Okafor", "1971-11-23", "555-0192", "900-02", "TX"),
    ("ben-2", "Benjamin", "Okafor", "23-Nov-1971", "555-0192", "", "MA"),
    # The same number: the source's own rule holds the second one back.
    ("cora-1", "Cora", "Lindqvist", "1990-07-15", "555-0193", "900-03", "MA"),
    ("cora-2", "Cora", "Lindquist", "1990-07-15", "555-0193", "900-03", "MA"),
    # Twins: one family name, birth date and telephone, two persons.
    ("tim", "Timothy", "Marchetti", "2001-05-09", "555-0194", "900-04", "MA"),
    ("zoe", "Zoe", "Marchetti", "2001-05-09", "555-0194", "900-05", "MA"),
)


def people() -> list[tuple[str, ...]]:
    """Thirty-five strangers, and those above."""
    strangers = [
        (
            f"p{n:02}", FIRST[n % 10], LAST[n % 7], f"19{50 + n}-{n % 12 + 1:02}-{n % 28 + 1:02}",
            f"555-01{n:02}", f"800-{n:02}", "TX" if n % 5 == 0 else "MA",
        )
        for n in range(35)
    ]  # fmt: skip
    return [*strangers, *TWICE]


def fill_source(platform: Platform) -> None:
    """The clinic's tables at the source: a visit and a result for everybody."""
    rows = people()
    with connect(platform.settings, "source") as connection:
        connection.execute("DROP TABLE IF EXISTS people, visits, results")
        connection.execute(
            'CREATE TABLE people ("Id" text, "FIRST" text, "LAST" text, "BORN" text, "PHONE" text, '
            '"SSN" text, "STATE" text)'
        )
        connection.execute('CREATE TABLE visits ("Id" text, "PATIENT" text, "NOTE" text)')
        connection.execute(
            'CREATE TABLE results ("Id" text, "PATIENT" text, "VISIT" text, "VALUE" text)'
        )
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO people VALUES (%s, %s, %s, %s, %s, %s, %s)", rows)
            cursor.executemany(
                "INSERT INTO visits VALUES (%s, %s, %s)",
                [(f"v-{r[0]}", r[0], f"seen {r[0]}") for r in rows],
            )
            cursor.executemany(
                "INSERT INTO results VALUES (%s, %s, %s, 'normal')",
                [(f"r-{r[0]}", r[0], f"v-{r[0]}") for r in rows],
            )


def make_destination(platform: Platform) -> None:
    with connect(platform.settings, "destination") as connection:
        connection.execute("DROP TABLE IF EXISTS result, visit, patient")
        connection.execute(
            "CREATE TABLE patient (id uuid PRIMARY KEY, first_name text NOT NULL, "
            "last_name text NOT NULL, birth_date date, phone text, national_id text)"
        )
        connection.execute(
            "CREATE TABLE visit (id uuid PRIMARY KEY, patient_id uuid NOT NULL REFERENCES patient, "
            "note text)"
        )
        connection.execute(
            "CREATE TABLE result (id uuid PRIMARY KEY, patient_id uuid NOT NULL REFERENCES patient, "
            "visit_id uuid NOT NULL REFERENCES visit, value text)"
        )


def move(platform: Platform, *cohorts: str) -> None:
    """All stages of these cohorts, one after the other (both, if none is named)."""
    for cohort in cohorts or ("one", "two"):
        stages.extract(platform, cohort, list(ENTITIES))
        for entity in ENTITIES:
            move_entity(platform, cohort, entity)


def move_entity(platform: Platform, cohort: str, entity: str) -> None:
    stages.transform(platform, cohort, entity)
    check(platform, cohort, entity, "transformed", "passed")
    stages.load(platform, cohort, entity)
    check(platform, cohort, entity, "destination", "passed")
    stages.reconcile(platform, cohort, entity)


def search(platform: Platform) -> Found:
    return search_duplicates(platform)


def mark(platform: Platform, source_id: str) -> str:
    """The token of a patient."""
    return token(platform.settings.token_key(), "patient", source_id)


def merge(platform: Platform, source_id: str, into: str) -> Act:
    """Proposed by one person, accepted by the clinical lead."""
    own = mark(platform, source_id)
    proposed = propose_merge(
        platform, own, into=mark(platform, into), person="Bob", reason="same papers"
    )
    return accept(platform, own, proposal=proposed.number, person="Ada", reason="called them")


def charts(platform: Platform, *names: str) -> list[tuple[str, str]]:
    """Whose visits these patients' are at the destination: note, and the patient's family name."""
    notes = ", ".join(f"'seen {name}'" for name in names)
    return destination(
        platform,
        "SELECT v.note, p.last_name FROM visit v JOIN patient p ON p.id = v.patient_id "
        f"WHERE v.note IN ({notes}) ORDER BY 1",
    )


def results_of(platform: Platform, visit: str) -> list[tuple[str]]:
    """The family name of the patient of a visit's result."""
    return destination(
        platform,
        "SELECT p.last_name FROM result r JOIN patient p ON p.id = r.patient_id "
        f"JOIN visit v ON v.id = r.visit_id WHERE v.note = 'seen {visit}'",
    )


def digest(platform: Platform) -> str:
    tables = [sql.Identifier(name) for name in ENTITIES]
    with platform.destination() as connection:
        return digest_tables(connection, tables)


def proposed(platform: Platform) -> set[str]:
    """The possible duplicates of cohort one that wait for a person."""
    rows = list_open(platform.store, ["one"], kind="possible duplicate", owner="clinical lead")
    return {row["token"] for row in rows}


def end(platform: Platform, source_id: str, entity: str = "patient") -> tuple[str, str | None]:
    found = trace_record(platform, entity, source_id)
    return found.end, found.rule


def differing(platform: Platform, cohort: str) -> dict[str, tuple[int, int, int, bool | None]]:
    """Mismatched, missing and unexpected of each entity, and whether it balances."""
    return {
        a.entity: (a.mismatched or 0, a.missing or 0, a.unexpected or 0, a.balanced)
        for a in account_for(platform, [cohort])
    }


CLEAN = dict.fromkeys(ENTITIES, (0, 0, 0, True))


def say(*words: str) -> str:
    """What a command that ends as asked prints; the test has put its platform in the place of others."""
    done = CliRunner().invoke(make_app(), list(words))
    assert done.exit_code == 0, done.output
    return done.stdout
