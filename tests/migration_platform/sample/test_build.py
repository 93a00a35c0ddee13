"""The source in a real database: whole, the same again, and never half."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from migration_platform.database import connect
from migration_platform.errors import ConfigurationError, SourceError
from migration_platform.sample import build, build_sample
from migration_platform.sample.schema import SAMPLE
from migration_platform.settings import Settings


def look(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect(settings, "source") as connection:
        return connection.execute(query.encode()).fetchall()


def digest(settings: Settings) -> dict[str, object]:
    """Each table's content, whatever the order of its rows."""
    return {
        table: look(
            settings,
            f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))) "
            f'FROM "{table}" t',
        )[0]
        for table in SAMPLE
    }


def test_the_sample_stands_in_the_source_with_its_files(home_settings: Settings) -> None:
    done: list[tuple[int, int]] = []

    built = build_sample(home_settings, patients=250, progress=lambda *at: done.append(at))

    assert (built.kind, built.patients, built.missing, built.unmoved) == ("sample", 250, (), ())
    assert done[-1] == (250, 250)
    for table, columns in SAMPLE.items():
        rows = look(home_settings, f'SELECT count(*) FROM "{table}"')[0][0]
        assert rows == built.tables[table] > 0, table
        found = look(
            home_settings,
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = "
            f"'public' AND table_name = '{table}' ORDER BY ordinal_position",
        )
        assert found == [(name, "text") for name in columns]
    assert (
        look(home_settings, "SELECT count(*) FROM pg_indexes WHERE indexdef ~ 'PATIENT'")[0][0] > 9
    )

    paths = [str(row[0]) for row in look(home_settings, 'SELECT "PATH" FROM documents')]
    there = [home_settings.source_documents / path for path in paths]
    whole = [file for file in there if file.is_file() and file.stat().st_size]
    assert len(paths) - 8 <= len(whole) < len(paths)
    pdf = next(file for file in whole if file.suffix == ".pdf").read_bytes()
    assert pdf.startswith(b"%PDF-1.4\n")
    assert pdf.endswith(b"%%EOF\n")
    assert pdf[int(pdf.split(b"startxref\n")[1].split()[0]) :].startswith(b"xref")
    assert home_settings.source_documents.stat().st_mode & 0o077 == 0


def test_null_and_empty_text_arrive_as_two_different_things(home_settings: Settings) -> None:
    build_sample(home_settings, patients=250)

    row = look(
        home_settings,
        """SELECT count(*) FILTER (WHERE "SUFFIX" IS NULL), count(*) FILTER (WHERE "SUFFIX" = '')
           FROM patients""",
    )[0]
    assert 150 < row[0] < 200
    assert 50 < row[1] < 100


def test_building_again_gives_the_same_source_and_leaves_no_other_files(
    home_settings: Settings,
) -> None:
    first = build_sample(home_settings, patients=200)
    content = digest(home_settings)
    kept = home_settings.source_documents / "mine"
    kept.mkdir()
    (kept / "letter.txt").write_text("not ours")
    other = build_sample(home_settings, patients=210, seed=8)
    again = build_sample(home_settings, patients=200)

    assert (again, digest(home_settings)) == (first, content)
    assert other.digest != first.digest
    folders = {each.name for each in home_settings.source_documents.iterdir()}
    assert folders == {"mine", first.digest[:8]}


def test_a_build_that_fails_on_the_way_leaves_the_old_source(
    home_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_sample(home_settings, patients=200)
    content = digest(home_settings)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(build, "store_files", fail)
        with pytest.raises(KeyboardInterrupt):
            build_sample(home_settings, patients=300)

    assert digest(home_settings) == content
    assert look(home_settings, "SELECT 1 FROM pg_namespace WHERE nspname ~ 'building'") == []
    paths = look(home_settings, 'SELECT "PATH" FROM documents')
    there = [path for (path,) in paths if (home_settings.source_documents / str(path)).is_file()]
    assert len(there) > 0.8 * len(paths)


def test_tables_that_somebody_else_made_are_never_dropped(home_settings: Settings) -> None:
    with connect(home_settings, "source") as connection:
        connection.execute("CREATE TABLE patients (id int); INSERT INTO patients VALUES (1)")

    with pytest.raises(ConfigurationError, match=r"did not make: patients.*MIGRATION_SOURCE_URL"):
        build_sample(home_settings, patients=10)

    assert look(home_settings, "SELECT count(*) FROM patients") == [(1,)]


def test_a_refusal_of_the_database_is_told_without_its_rows(
    home_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_sample(home_settings, patients=50)

    def fail(*_: object) -> None:
        raise psycopg.errors.DiskFull("row 1: 999-12-3456")

    monkeypatch.setattr(build, "store_files", fail)
    with pytest.raises(SourceError, match="DiskFull, SQLSTATE 53100") as caught:
        build_sample(home_settings, patients=50)

    assert "999-" not in str(caught.value)


def test_two_builds_at_once_do_not_mix(home_settings: Settings) -> None:
    def build_another(done: int, total: int) -> None:
        with pytest.raises(SourceError, match="another `migration sample`"):
            build_sample(home_settings, patients=10)

    assert build_sample(home_settings, patients=30, progress=build_another).patients == 30
