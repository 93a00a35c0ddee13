"""Every kind of dirt is in the sample, as often as the table says, and in the documentation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from migration_platform.sample import DIRT, dirt_table_markdown
from migration_platform.sample.dirt import Dirt
from migration_platform.sample.generate import generate
from migration_platform.sample.places import STATES

PATIENTS = 4000
ROOT = Path(__file__).parents[3]
Tables = dict[str, pl.DataFrame]
Counted = tuple[int, int]

DAYS = (
    ("patients", "BIRTHDATE"),
    ("conditions", "START"),
    ("allergies", "START"),
    ("careplans", "START"),
    ("subscriptions", "STARTED"),
    ("medications", "LAST_FILL"),
)
INSTANTS = (
    ("encounters", "START"),
    ("encounters", "STOP"),
    ("notes", "WRITTEN_AT"),
    ("documents", "CREATED"),
)
PHONES = (("patients", "PHONE"), ("portal_accounts", "PHONE"))
PRICES = (("payments", "AMOUNT"), ("subscriptions", "PRICE"))
EMPTY = (
    ("patients", "SUFFIX"),
    ("patients", "MAIDEN"),
    ("patients", "PASSPORT"),
    ("encounters", "REASONDESCRIPTION"),
    ("intake_responses", "ANSWER"),
)


@pytest.fixture(scope="module")
def sample() -> tuple[Tables, dict[str, bytes], list[str]]:
    reference, chunks = generate(PATIENTS, 7)
    parts: dict[str, list[pl.DataFrame]] = {name: [rows] for name, rows in reference.items()}
    files: dict[str, bytes] = {}
    for chunk in chunks:
        files |= dict(chunk.files)
        for name, rows in chunk.tables.items():
            parts.setdefault(name, []).append(rows)
    tables = {name: pl.concat(rows) for name, rows in parts.items()}
    return tables, files, tables["documents"]["PATH"].to_list()


def matching(*columns: tuple[str, str], pattern: str) -> Callable[[Tables], Counted]:
    def count(tables: Tables) -> Counted:
        values = pl.concat([tables[table][column].drop_nulls() for table, column in columns])
        return int(values.str.contains(pattern).sum()), len(values)

    return count


def of_patients(count: Callable[[Tables], int]) -> Callable[[Tables], Counted]:
    return lambda tables: (count(tables), PATIENTS)


def unknown(table: str, column: str, parent: str) -> Callable[[Tables], int]:
    def count(tables: Tables) -> int:
        return int((~tables[table][column].is_in(tables[parent]["Id"].implode())).sum())

    return count


def repeated(table: str) -> Callable[[Tables], int]:
    return lambda tables: len(tables[table]) - tables[table].n_unique()


def one_of(column: str, values: list[str]) -> Callable[[Tables], Counted]:
    return of_patients(lambda tables: int(tables["patients"][column].is_in(values).sum()))


def empties(tables: Tables) -> Counted:
    values = pl.concat([tables[table][column] for table, column in EMPTY])
    blank = int((values == "").sum())
    return blank, blank + values.null_count()


def after_death(tables: Tables) -> int:
    dead = tables["patients"].filter(pl.col("DEATHDATE").is_not_null())
    joined = tables["encounters"].join(dead, left_on="PATIENT", right_on="Id")
    return int((joined["START"].str.slice(0, 10) > joined["DEATHDATE"]).sum())


def old_charts(tables: Tables) -> int:
    """Those whose account is not closed; of the closed ones others left before that day too."""
    rows = tables["encounters"].select("PATIENT", day=pl.col("START").str.slice(0, 10))
    last = rows.group_by("PATIENT").agg(pl.col("day").max())
    active = tables["patients"].filter(pl.col("STAGE") == "active")
    return len(
        last.filter(pl.col("day") < "2024-06-30").join(active, left_on="PATIENT", right_on="Id")
    )


def closed(tables: Tables) -> int:
    joined = tables["portal_accounts"].join(tables["patients"], left_on="PATIENT", right_on="Id")
    assert ((joined["STATUS"] == "closed") == (joined["STAGE"] == "closed")).all()
    return int((tables["patients"]["STAGE"] == "closed").sum())


def duplicates(tables: Tables) -> int:
    rows = tables["patients"]
    return len(rows) - rows.select("SSN", "BIRTHDATE").n_unique()


def undecided(tables: Tables) -> Counted:
    answers = tables["intake_responses"].group_by("PATIENT").agg(
        (pl.col("STATUS") == "submitted").all().alias("whole")
    )  # fmt: skip
    intake = tables["patients"].filter(pl.col("STAGE") == "intake")
    joined = answers.join(intake, left_on="PATIENT", right_on="Id")
    return int(joined["whole"].sum()), len(joined)


def unfilled(tables: Tables) -> Counted:
    used = tables["medications"].filter(pl.col("STOP").is_null())
    assert (used.filter(pl.col("LAST_FILL").is_null())["DISPENSES"] == "0").all()
    return int(used["LAST_FILL"].null_count()), len(used)


COUNTS: dict[str, Callable[[Tables], Counted]] = {
    "duplicate patient": of_patients(duplicates),
    "date as MM/DD/YYYY": matching(*DAYS, pattern=r"^\d\d/\d\d/\d{4}$"),
    "date as DD-Mon-YYYY": matching(*DAYS, pattern=r"^\d\d-[A-Z][a-z]{2}-\d{4}$"),
    "timestamp with offset": matching(*INSTANTS, pattern=r"-0[4578]:00$"),
    "wall time that never was": of_patients(
        lambda t: int(t["payments"]["PAID_AT"].str.starts_with("2025-03-09 02:").sum())
    ),
    "wall time that was twice": of_patients(
        lambda t: int(t["payments"]["PAID_AT"].str.starts_with("2025-11-02 01:").sum())
    ),
    "phone spelling": matching(*PHONES, pattern=r"^[^(]"),
    "state as code": one_of("STATE", [s.code for s in STATES]),
    "state in small letters": one_of("STATE", [s.code.lower() for s in STATES]),
    "state in capitals": one_of("STATE", [s.name.upper() for s in STATES]),
    "state as once printed": one_of("STATE", [s.printed.lower() for s in STATES]),
    "legacy encounter class": matching(("encounters", "ENCOUNTERCLASS"), pattern="^TELEVISIT$"),
    "legacy gender": matching(("patients", "GENDER"), pattern="^(Male|male|m|Female|f|F )$"),
    "unknown gender": matching(("patients", "GENDER"), pattern="^[U9]$"),
    "legacy consent": matching(
        ("communication_preferences", "CONSENT"), pattern="^(yes|no|TRUE|FALSE)$"
    ),
    "mojibake in a name": matching(("patients", "FIRST"), pattern="Ã"),
    "mojibake in a note": matching(("notes", "TEXT"), pattern="â€™"),
    "empty text for no value": empties,
    "orphan of no patient": of_patients(unknown("observations", "PATIENT", "patients")),
    "orphan of no encounter": of_patients(unknown("observations", "ENCOUNTER", "encounters")),
    "encounter without provider": of_patients(
        lambda t: int(t["encounters"]["PROVIDER"].null_count())
    ),
    "amount with currency sign": matching(*PRICES, pattern=r"^\$\d{1,3}(,\d{3})*\.\d\d$"),
    "amount with one decimal": matching(*PRICES, pattern=r"^\d+\.\d$"),
    "amount in brackets": matching(("payments", "AMOUNT"), pattern=r"^\(\d+\.\d\d\)$"),
    "record after death": of_patients(after_death),
    "closed account": of_patients(closed),
    "chart older than the retention window": of_patients(old_charts),
    "test account": of_patients(
        lambda t: len(
            t["patients"].filter(
                (pl.col("LAST") == "Test") & pl.col("EMAIL").str.ends_with("@example.test")
            )
        )
    ),
    "patient without provider": of_patients(lambda t: t["patients"]["PROVIDER"].null_count()),
    "intake without a decision": undecided,
    "refill without a fill": unfilled,
    "account without an address": of_patients(lambda t: t["portal_accounts"]["EMAIL"].null_count()),
    "repeated observation": of_patients(repeated("observations")),
    "repeated provider": lambda t: (repeated("providers")(t), t["providers"]["Id"].n_unique()),
}
FILES = ("document without a file", "document of zero bytes")


def test_every_kind_is_counted_here() -> None:
    assert {*COUNTS, *FILES} == {each.kind for each in DIRT}


@pytest.mark.parametrize("dirt", [d for d in DIRT if d.kind in COUNTS], ids=lambda d: d.kind)
def test_dirt_is_there_as_often_as_declared(
    sample: tuple[Tables, dict[str, bytes], list[str]], dirt: Dirt
) -> None:
    found, base = COUNTS[dirt.kind](sample[0])

    # A patient chosen for a record that he does not have goes without: down to four fifths.
    assert 0.7 * dirt.rate <= found / base <= 1.25 * dirt.rate + 2 / base, (found, base)


def test_documents_lack_their_file_or_its_content_as_often_as_declared(
    sample: tuple[Tables, dict[str, bytes], list[str]],
) -> None:
    _, files, paths = sample

    assert 30 <= len([path for path in paths if path not in files]) <= 40
    assert 24 <= len([path for path in files if not files[path]]) <= 32


def test_every_kind_is_in_a_sample_of_the_default_size() -> None:
    reference, chunks = generate(300, 7)
    tables = {**reference, **next(chunks).tables}

    absent = [kind for kind, count in COUNTS.items() if count(tables)[0] == 0]

    assert absent in ([], ["unknown gender"])  # one patient in five hundred


def test_a_duplicate_is_spelled_differently_and_has_a_thin_chart(
    sample: tuple[Tables, dict[str, bytes], list[str]],
) -> None:
    tables = sample[0]
    pairs = (
        tables["patients"].filter(pl.col("SSN").is_duplicated()).sort("SSN", maintain_order=True)
    )
    first, second = pairs.gather_every(2), pairs.gather_every(2, 1)

    assert (first["BIRTHDATE"] == second["BIRTHDATE"]).all()
    same = (first["FIRST"] == second["FIRST"]) & (first["LAST"] == second["LAST"])
    assert same.sum() < len(same) / 10
    chart = tables["encounters"].filter(pl.col("PATIENT").is_in(second["Id"].implode()))
    assert len(chart) <= len(second)


def test_dirt_that_ends_as_an_exception_is_rare_but_for_the_class_that_holds_the_pilot() -> None:
    rare = ("duplicate patient", "unknown gender", "orphan of no patient", "record after death")

    assert sum(each.rate for each in DIRT if each.kind in rare) <= 0.025
    assert next(d.rate for d in DIRT if d.kind == "legacy encounter class") == 0.05


def test_the_documentation_has_the_table() -> None:
    page = (ROOT / "docs" / "sample-source.md").read_text(encoding="utf-8")

    assert dirt_table_markdown() in page


def test_torn_names_can_be_read_back(
    sample: tuple[Tables, dict[str, bytes], list[str]],
) -> None:
    torn = sample[0]["patients"].filter(pl.col("FIRST").str.contains("Ã"))["FIRST"]

    assert {name.encode("cp1252").decode("utf-8") for name in torn} <= {
        "Sofía", "Chloé", "Zoë", "Renée", "Lucía", "Inés", "José", "Jesús", "André", "René",
        "Søren", "Björn", "Raúl", "Óscar",
    }  # fmt: skip
