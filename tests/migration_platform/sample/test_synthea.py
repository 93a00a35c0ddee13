"""Importing a Synthea export: three real ones, and what a torn or foreign folder leads to."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from migration_platform.database import connect
from migration_platform.errors import SourceError
from migration_platform.sample import build_sample, import_synthea
from migration_platform.sample.schema import SYNTHEA
from migration_platform.sample.synthea import describe_missing, find_files, spell_header
from migration_platform.settings import Settings

DATA = Path(__file__).parents[4] / "shared" / "data"
SETS = {"synthea-csv-a-157": 9, "synthea-csv-b-107": 17, "synthea-csv-c-27": 18}
needs_data = pytest.mark.skipif(
    not all((DATA / name).is_dir() for name in SETS), reason="no Synthea exports in ../shared/data"
)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A small export in the spelling of 2017, with a table that nobody knows."""
    folder = tmp_path / "csv"
    folder.mkdir()
    (folder / "Patients.CSV").write_bytes(b"ID,BIRTHDATE,LAST,NICK\r\np1,1980-01-02,,Al\r\n")
    (folder / "encounters.csv").write_text('ID,DATE,PATIENT,CODE\ne1,2017-03-04,p1,"1,2"\n')
    (folder / "allergies.csv").write_text("START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION\n")
    (folder / "supplies.csv").write_text("DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,QUANTITY\n")
    (folder / "weather.csv").write_text("torn")
    (folder / "SOURCE.txt").write_text("not a table")
    return folder


def rows_of(settings: Settings, table: str) -> list[tuple[object, ...]]:
    with connect(settings, "source") as connection:
        return connection.execute(f'SELECT * FROM "{table}"'.encode()).fetchall()


@needs_data
@pytest.mark.parametrize("name", SETS)
def test_a_real_export_arrives_whole(home_settings: Settings, name: str) -> None:
    built = import_synthea(home_settings, DATA / name)

    assert (built.kind, len(built.tables)) == ("synthea", SETS[name])
    for table, count in built.tables.items():
        with (DATA / name / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            rows = [tuple(field or None for field in row) for row in csv.reader(file)][1:]
        assert count == len(rows)
        assert sorted(map(str, rows_of(home_settings, table))) == sorted(map(str, rows)), table
    assert built.patients == int(name.rsplit("-", 1)[1])


@needs_data
def test_what_a_real_export_lacks_is_named(home_settings: Settings) -> None:
    built = import_synthea(home_settings, DATA / "synthea-csv-b-107")

    assert built.missing[0] == "The export has no table claims_transactions."
    assert "The telehealth company's own table payments is not there." in built.missing
    assert built.unmoved == ("devices", "imaging_studies", "supplies")


def test_old_names_become_new_ones_and_unknown_columns_stay(
    home_settings: Settings, export: Path
) -> None:
    seen: list[tuple[int, int]] = []

    built = import_synthea(home_settings, export, progress=lambda *at: seen.append(at))

    assert built.tables == {"allergies": 0, "encounters": 1, "patients": 1, "supplies": 0}
    assert seen[-1][0] == seen[-1][1]
    with connect(home_settings, "source") as connection:
        patient = connection.execute('SELECT "Id", "LAST", "NICK" FROM patients').fetchall()
        visit = connection.execute('SELECT "Id", "START", "CODE" FROM encounters').fetchall()
    assert patient == [("p1", None, "Al")]
    assert visit == [("e1", "2017-03-04", "1,2")]


def test_what_is_missing_or_not_moved_is_named(home_settings: Settings, export: Path) -> None:
    built = import_synthea(home_settings, export)

    assert "The export has no table providers." in built.missing
    assert any(
        sentence.startswith("The export's table encounters lacks STOP, ORGANIZATION")
        for sentence in built.missing
    )
    assert built.unmoved == ("supplies", "weather.csv (not a table that we know; not imported)")
    with connect(home_settings, "source") as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
    assert [name for (name,) in tables] == ["allergies", "encounters", "patients", "supplies"]


def test_the_digest_is_that_of_the_bytes(home_settings: Settings, export: Path) -> None:
    first = import_synthea(home_settings, export).digest
    again = import_synthea(home_settings, export).digest
    (export / "encounters.csv").write_text("ID,DATE,PATIENT,CODE\ne1,2017-03-05,p1,1\n")

    assert first == again != import_synthea(home_settings, export).digest


def test_a_torn_file_leaves_the_previous_source_and_its_files(
    home_settings: Settings, export: Path
) -> None:
    build_sample(home_settings, patients=120)
    files = sorted(home_settings.source_documents.rglob("*"))
    (export / "encounters.csv").write_text("ID,DATE,PATIENT,CODE\ne1,2017-03-04,p1,1\ne2,2017")

    with pytest.raises(SourceError, match=r"encounters\.csv, line 3: has 2 fields"):
        import_synthea(home_settings, export)

    assert len(rows_of(home_settings, "patients")) == 120
    assert sorted(home_settings.source_documents.rglob("*")) == files


@needs_data
@pytest.mark.parametrize("table", ["patients", "observations", "claims_transactions"])
def test_a_real_file_cut_short_is_refused(
    home_settings: Settings, tmp_path: Path, table: str
) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(DATA / "synthea-csv-c-27", folder)
    path = folder / f"{table}.csv"
    path.chmod(0o600)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    line = content[: len(content) // 2].count(b"\n") + 1

    with pytest.raises(SourceError, match=rf"{table}\.csv, line {line}: "):
        import_synthea(home_settings, folder)


def test_a_folder_that_holds_no_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no patients\.csv.*usually output/csv"):
        find_files(tmp_path)
    with pytest.raises(SourceError, match="no such folder"):
        find_files(tmp_path / "nowhere")


def test_two_files_of_one_table_are_refused(tmp_path: Path) -> None:
    for name in ("patients.csv", "PATIENTS.csv"):
        (tmp_path / name).write_text("Id\n")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this disk does not tell the two names apart")

    with pytest.raises(SourceError, match=r"both PATIENTS\.csv and patients\.csv hold"):
        find_files(tmp_path)


def test_a_header_of_something_else_is_refused() -> None:
    with pytest.raises(SourceError, match="line 1: no column PATIENT, so this is not a header"):
        spell_header("encounters", "encounters.csv", ("e1", "2017-03-04", "p1"))


def test_a_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(SourceError, match="two columns are named START"):
        spell_header("encounters", "encounters.csv", ("Id", "PATIENT", "DATE", "START"))


def test_a_whole_export_lacks_only_what_is_the_company_s_own() -> None:
    sentences = describe_missing(SYNTHEA)

    assert len(sentences) == 3 + 7
    assert all(sentence.startswith("The telehealth company's own") for sentence in sentences)
