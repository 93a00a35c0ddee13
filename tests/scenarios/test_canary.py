"""Marked values in every text field of the source, and a whole migration: none may be found outside of
the platforms and the staging area, but on the pages made for values, for who may see them.

Logs, events, both databases of ours, reports, printed output, files, every page and every address.
"""

from __future__ import annotations

import html
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.testclient import TestClient

from migration_platform.platform import Platform
from migration_platform.room.app import make_app, make_room
from migration_platform.room.route import WAYS
from migration_platform.room.session import begin_session
from migration_platform.settings import Settings
from tests.scenarios.conftest import Project

MARK = "Zq7Canary"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DECIDING = ("PROGRAM", "STATE", "STAGE", "PROVIDER")
"""Of patients: by these they are chosen for a cohort."""

ALLOWED = ("staging", "postgres", "source-documents", "destination-documents", "secrets")
"""Folders of a home in which patients' data may stand, and the keys."""

FREE, MANY = 0.6, 40
"""A column with many values of which this share is different holds what people write: it is marked in
every record. Others hold codes, dates, numbers: they are marked for the patients of one program, so
that its cohort is stopped by rules and suites and the other one moves."""

MOST_ALIKE = 20
"""Pages that differ in a record's token alone."""

ONE_PROGRAM = """SELECT "Id" FROM patients WHERE "PROGRAM" = 'dermatology'"""


def mark_source(project: Project) -> int:
    """Mark the text columns of every table, keys, references and files' paths left alone; returns how
    many."""
    columns = project.query(
        "source",
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND data_type = 'text' ORDER BY 1, 2",
    )
    patients = {t: c for t, c in columns if c in ("PATIENT", "PATIENTID")} | {"patients": "Id"}
    marked = 0
    for table, column in columns:
        if column == "PATH" or (table == "patients" and column in DECIDING):
            continue
        said, different, key, plain = project.query(
            "source",
            f'SELECT count("{column}"), count(DISTINCT "{column}"), '
            f"""count(*) FILTER (WHERE "{column}" ~* '^{ID.pattern}$'), """
            f"""count(*) FILTER (WHERE "{column}" ~ '^[0-9T:+.Z -]*$') FROM "{table}" """,
        )[0]
        free = said >= MANY and different >= FREE * said and plain < said / 2
        if not said or key or not (free or table in patients):
            continue
        whose = "true" if free else f'"{patients[table]}" IN ({ONE_PROGRAM})'
        project.query(
            "source",
            f'UPDATE "{table}" SET "{column}" = \'{MARK}\' || "{column}" '
            f"WHERE \"{column}\" <> '' AND {whose}",
        )
        marked += 1
    return marked


def find_in_database(project: Project, database: str, words: list[str]) -> Iterator[str]:
    """Every row of every table of ours that has one of the words."""
    tables = project.query(
        database,
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN "
        "('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'",
    )
    assert tables, database
    for schema, table in tables:
        rows = project.query(
            database,
            f'SELECT left(t::text, 200) FROM "{schema}"."{table}" t WHERE '
            f"t::text ~ '{'|'.join(words)}' LIMIT 3",
        )
        yield from (f"{database} {schema}.{table}: {row[0]}" for row in rows)


def find_in_files(project: Project, words: list[str]) -> Iterator[str]:
    """Every file, and every file's name, outside of where patients' data may stand."""
    pattern = re.compile("|".join(words).encode())
    seen = 0
    for top in (project.home, project.root):
        for path in top.rglob("*"):
            inside = path.relative_to(top)
            if (top == project.home and inside.parts[0] in ALLOWED) or not path.is_file():
                continue
            seen += 1
            if pattern.search(str(inside).encode()) or pattern.search(path.read_bytes()):
                yield f"file {inside}"
    assert seen > 100


def visit_everything(project: Project) -> dict[str, str]:
    """The pages that lead from the first one, for somebody who may not see values, by address: of
    those about single records so many."""
    settings = Settings.load(
        {**os.environ, "MIGRATION_HOME": str(project.home), "MIGRATION_PROJECT": str(project.root)}
    )
    room = make_room(settings, WAYS, lambda: Platform.open(settings))
    client = TestClient(make_app(room), base_url=settings.room_url, follow_redirects=False)
    with room.lender.lend() as platform:
        client.cookies.set("session", begin_session(platform.store, "Ines Moreau", None))
    found: dict[str, str] = {}
    waiting = ["/"]
    alike: Counter[str] = Counter()
    while waiting:
        url = waiting.pop()
        kind = re.sub(r"[0-9a-f]{16}", "*", url)
        alike[kind] += 1
        if alike[kind] > MOST_ALIKE:
            continue
        answer = client.get(url)
        assert answer.status_code < 500, url
        found[url] = f"{answer.headers} {answer.text}"
        links = re.findall(r'href="([^"#]+)', answer.text) if "text/html" in found[url] else []
        for link in map(html.unescape, links):
            known = link in found or link in waiting
            if not known and not urlsplit(link).netloc and link.startswith("/"):
                waiting.append(link)
    room.shelf.close()
    room.lender.close()
    return found


def test_no_patients_value_is_found_where_none_may_be(project: Project) -> None:
    project.migration("sample", "--patients", "240", "--seed", "7")
    marked = mark_source(project)
    ids = project.query("source", 'SELECT "Id" FROM patients')
    words = [MARK, *(str(row[0]) for row in ids)]

    said = [
        project.migration(*command, expect=expect)
        for command, expect in (
            (("run", "--wave", "pilot"), 1),
            (("nightly",), 0),
            (("drill", "--cohort", "pilot-weight"), 0),
            (("status",), 0),
            (("evidence", "pilot", "--json"), 0),
            (("accounting", "--json"), 0),
            (("exceptions", "--records"), 0),
            (("completeness", "--wave", "pilot"), 0),
            (("blind-spots", "--wave", "pilot"), 0),
            (("totals",), 0),
            (("log",), 0),
            (("dossier", "pilot"), 0),
        )
    ]

    # It was there to be found: at the destination, and in what waits.
    assert marked > 100
    there: Any = project.query(
        "destination", f"SELECT count(*) FROM patient p WHERE p::text LIKE '%{MARK}%'"
    )
    assert there[0][0] > 10
    assert project.ask("exceptions")["groups"]
    pages = visit_everything(project)
    assert len(pages) > 100
    found = [
        *(f"printed: {text[:80]}" for text in said if re.search("|".join(words), text)),
        *find_in_database(project, "platform", words),
        *find_in_database(project, "dagster", words),
        *find_in_files(project, words),
        *(url for url, text in pages.items() if re.search("|".join(words), text + unquote(url))),
    ]
    assert not found, "\n".join(found)
