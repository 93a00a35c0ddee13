"""The generated rows: the same for the same seed, of one piece, whatever the size."""

from __future__ import annotations

import polars as pl
import pytest

from migration_platform.errors import ConfigurationError
from migration_platform.sample import generate_chunks
from migration_platform.sample.practice import make_npi
from migration_platform.sample.schema import SAMPLE

REFERENCES = {
    "patients": (("PROVIDER", "providers"),),
    "providers": (("ORGANIZATION", "organizations"),),
    "payer_transitions": (("PATIENT", "patients"), ("PAYER", "payers")),
    "encounters": (
        ("PATIENT", "patients"),
        ("PROVIDER", "providers"),
        ("ORGANIZATION", "organizations"),
        ("PAYER", "payers"),
    ),
    "conditions": (("PATIENT", "patients"), ("ENCOUNTER", "encounters")),
    "allergies": (("PATIENT", "patients"), ("ENCOUNTER", "encounters")),
    "medications": (
        ("PATIENT", "patients"),
        ("ENCOUNTER", "encounters"),
        ("PAYER", "payers"),
        ("PRESCRIBER", "providers"),
    ),
    "procedures": (("PATIENT", "patients"), ("ENCOUNTER", "encounters")),
    "immunizations": (("PATIENT", "patients"), ("ENCOUNTER", "encounters")),
    "careplans": (("PATIENT", "patients"), ("ENCOUNTER", "encounters")),
    "claims": (
        ("PATIENTID", "patients"),
        ("APPOINTMENTID", "encounters"),
        ("PROVIDERID", "providers"),
    ),
    "portal_accounts": (("PATIENT", "patients"),),
    "subscriptions": (("PATIENT", "patients"),),
    "payments": (("SUBSCRIPTION", "subscriptions"),),
    "intake_responses": (("PATIENT", "patients"),),
    "notes": (
        ("PATIENT", "patients"),
        ("ENCOUNTER", "encounters"),
        ("AUTHOR", "providers"),
        ("COSIGNER", "providers"),
    ),
    "documents": (
        ("PATIENT", "patients"),
        ("ENCOUNTER", "encounters"),
        ("AUTHOR", "providers"),
    ),
    "communication_preferences": (("PATIENT", "patients"),),
}


def make(patients: int, seed: int = 7, chunk: int = 2000) -> dict[str, pl.DataFrame]:
    parts: dict[str, list[pl.DataFrame]] = {}
    for tables in generate_chunks(patients, seed, chunk=chunk):
        for table, rows in tables.items():
            parts.setdefault(table, []).append(rows)
    return {table: pl.concat(rows) for table, rows in parts.items()}


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    return make(1500)


@pytest.mark.parametrize("patients", [1, 2, 200, 301])
def test_a_sample_has_as_many_patients_as_asked_for(patients: int) -> None:
    assert len(make(patients)["patients"]) == patients


def test_every_table_has_its_columns_and_they_are_text(tables: dict[str, pl.DataFrame]) -> None:
    assert {name: tuple(rows.columns) for name, rows in tables.items()} == SAMPLE
    assert all(set(rows.dtypes) == {pl.String} for rows in tables.values())


def test_the_same_seed_gives_the_same_rows_whatever_the_chunk() -> None:
    first, again = make(240, chunk=240), make(240, chunk=37)

    # Rows that stand there twice are appended to their chunk: order is not part of the promise.
    for table, rows in first.items():
        assert rows.sort(rows.columns).equals(again[table].sort(rows.columns)), table


def test_another_seed_gives_other_patients() -> None:
    assert not set(make(50)["patients"]["Id"]) & set(make(50, seed=8)["patients"]["Id"])


def test_a_patient_is_the_same_in_a_larger_sample() -> None:
    small, large = make(100)["patients"], make(400)["patients"].head(100)

    assert small.drop("PROVIDER").equals(large.drop("PROVIDER"))


def test_a_size_that_cannot_be_made_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="1 to 1,000,000 patients, not 0"):
        make(0)


@pytest.mark.parametrize("table", REFERENCES)
def test_references_hold(tables: dict[str, pl.DataFrame], table: str) -> None:
    for column, parent in REFERENCES[table]:
        named = set(tables[table][column].drop_nulls())
        assert named <= set(tables[parent]["Id"]), column


def test_keys_are_unique_but_where_dirt_repeats_them(tables: dict[str, pl.DataFrame]) -> None:
    for table, rows in tables.items():
        key = "ID" if table == "claims_transactions" else "Id"
        if key in rows.columns and table != "providers":
            assert rows[key].n_unique() == len(rows), table


def test_a_child_belongs_to_the_patient_of_its_encounter(tables: dict[str, pl.DataFrame]) -> None:
    visits = tables["encounters"].select(pl.col("Id").alias("ENCOUNTER"), of="PATIENT")
    for table in ("conditions", "medications", "notes", "documents", "procedures"):
        joined = tables[table].join(visits, on="ENCOUNTER")
        assert (joined["PATIENT"] == joined["of"]).all(), table


def test_what_a_claim_charges_is_what_the_encounter_cost(tables: dict[str, pl.DataFrame]) -> None:
    charges = tables["claims_transactions"].filter(pl.col("TYPE") == "CHARGE")
    joined = charges.join(tables["encounters"], left_on="APPOINTMENTID", right_on="Id")

    assert len(joined) == len(tables["claims"])
    assert (joined["AMOUNT"] == joined["TOTAL_CLAIM_COST"]).all()


def test_what_was_charged_is_paid_or_outstanding(tables: dict[str, pl.DataFrame]) -> None:
    number = pl.Decimal(12, 2)
    rows = (
        tables["claims_transactions"]
        .group_by("CLAIMID")
        .agg(
            charged=pl.col("UNITAMOUNT").cast(number).sum(),
            paid=pl.col("PAYMENTS").cast(number).sum(),
        )
    )
    claims = tables["claims"].select("Id", due=pl.col("OUTSTANDINGP").cast(number))
    joined = rows.join(claims, left_on="CLAIMID", right_on="Id")

    assert (joined["charged"] == joined["paid"] + joined["due"]).all()
    assert joined["due"].sum() > 0


def test_patients_in_intake_have_answers_in_flight_and_no_prescription(
    tables: dict[str, pl.DataFrame],
) -> None:
    intake = tables["patients"].filter(pl.col("STAGE") == "intake")["Id"].implode()
    answers = tables["intake_responses"].filter(pl.col("PATIENT").is_in(intake))
    others = tables["intake_responses"].filter(~pl.col("PATIENT").is_in(intake))

    assert set(answers["STATUS"]) == {"submitted", "in_progress", "draft"}
    assert set(others["STATUS"]) == {"submitted"}
    assert not tables["medications"]["PATIENT"].is_in(intake).any()
    assert not tables["subscriptions"]["PATIENT"].is_in(intake).any()


def test_no_record_is_newer_than_the_end_of_june_2026() -> None:
    tables = make(3000)

    newest = max(tables["encounters"]["START"].str.slice(0, 10).to_list())
    assert "2026-06-20" <= newest <= "2026-06-30"
    for table, column in (
        ("observations", "DATE"),
        ("notes", "WRITTEN_AT"),
        ("payments", "PAID_AT"),
        ("medications", "STOP"),
        ("payer_transitions", "END_YEAR"),
        ("portal_accounts", "LAST_LOGIN"),
        ("intake_responses", "ANSWERED_AT"),
        ("communication_preferences", "UPDATED_AT"),
    ):
        last = max(tables[table][column].drop_nulls().str.slice(0, 10).to_list())
        assert "2026-05-01" < last <= "2026-06-30", (table, last)


def test_periods_do_not_end_before_they_begin(tables: dict[str, pl.DataFrame]) -> None:
    visits = tables["medications"].filter(pl.col("STOP").is_not_null())
    assert (visits["START"] <= visits["STOP"]).all()

    rows = tables["conditions"].filter(pl.col("START").str.contains(r"^\d{4}-"))
    rows = rows.filter(pl.col("STOP").is_not_null())
    assert (rows["START"] <= rows["STOP"]).all()


def test_an_npi_ends_in_its_check_digit() -> None:
    import numpy as np

    assert make_npi(np.array([23456789]))[0] == "1234567893"  # the standard's own example


def test_providers_treat_where_they_are_licensed(tables: dict[str, pl.DataFrame]) -> None:
    by_city = {"Boston": "MA", "Austin": "TX", "Miami": "FL", "Seattle": "WA", "Chicago": "IL"}
    providers = tables["providers"].unique("Id").select("Id", "LICENSE_STATES")
    joined = tables["patients"].join(providers, left_on="PROVIDER", right_on="Id")
    rows = joined.filter(pl.col("CITY").is_in(list(by_city))).select("CITY", "LICENSE_STATES")

    assert len(rows) > 100
    assert all(by_city[city] in states.split(";") for city, states in rows.rows())


def test_social_security_numbers_are_synthetic_and_shared_by_duplicates_only() -> None:
    ssn = make(5000)["patients"]["SSN"]

    assert ssn.str.contains(r"^999-\d{2}-\d{4}$").all()
    assert len(ssn) - ssn.n_unique() == 50
