"""The dirt of the sample: every kind of fault that is planted, where, and how often.

One table that the generator obeys and docs/sample-source.md prints. How a fault looks is written
where the column is filled; nothing is planted that does not stand here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dirt:
    """A kind of fault: the share (`rate`) of what (`of`), where, and what is wrong."""

    kind: str
    rate: float
    of: str
    where: str
    sentence: str


# fmt: off
DIRT: tuple[Dirt, ...] = (
    Dirt("duplicate patient", 0.010, "patients", "patients",
         "Registered a second time under a new Id: same SSN and BIRTHDATE, name and address spelled "
         "a little differently, a thin chart of its own."),
    Dirt("date as MM/DD/YYYY", 0.040, "values",
         "patients.BIRTHDATE, conditions.START, allergies.START, careplans.START, "
         "subscriptions.STARTED, medications.LAST_FILL",
         "A day in the American format instead of ISO."),
    Dirt("date as DD-Mon-YYYY", 0.030, "values", "the same six columns",
         "A day with the month's English name, as 05-Mar-2024."),
    Dirt("timestamp with offset", 0.030, "values",
         "encounters.START, encounters.STOP, notes.WRITTEN_AT, documents.CREATED",
         "The same instant written with an offset (-04:00) instead of Z."),
    Dirt("wall time that never was", 0.010, "patients", "payments.PAID_AT",
         "One payment is dated between 02:00 and 03:00 of 2025-03-09 in America/New_York, the hour "
         "that the clocks skipped."),
    Dirt("wall time that was twice", 0.010, "patients", "payments.PAID_AT",
         "One payment is dated between 01:00 and 02:00 of 2025-11-02 in America/New_York, the hour "
         "that came twice."),
    Dirt("phone spelling", 0.750, "values", "patients.PHONE, portal_accounts.PHONE",
         "Written in one of five other ways than (617) 555-0123: with dashes, dots, +1, 1- or as ten "
         "digits."),
    Dirt("state as code", 0.200, "patients", "patients.STATE", "MA instead of Massachusetts."),
    Dirt("state in small letters", 0.040, "patients", "patients.STATE", "The code as ma."),
    Dirt("state in capitals", 0.040, "patients", "patients.STATE", "MASSACHUSETTS."),
    Dirt("state as once printed", 0.030, "patients", "patients.STATE",
         "The traditional abbreviation in small letters: mass., calif., n.y."),
    Dirt("legacy encounter class", 0.050, "encounters", "encounters.ENCOUNTERCLASS",
         "TELEVISIT, a class of the first release. The shipped code map leaves it out on purpose: it "
         "holds the pilot until a person adds the row."),
    Dirt("legacy gender", 0.060, "patients", "patients.GENDER",
         "Male, Female, m, f or 'F ' instead of M and F. The shipped code map knows them."),
    Dirt("unknown gender", 0.002, "patients", "patients.GENDER", "U or 9, which no code map knows."),
    Dirt("legacy consent", 0.100, "values", "communication_preferences.CONSENT",
         "yes, no, TRUE or FALSE instead of Y and N."),
    Dirt("mojibake in a name", 0.010, "patients", "patients.FIRST",
         "UTF-8 once read as Windows-1252: JosÃ©."),
    Dirt("mojibake in a note", 0.010, "notes", "notes.TEXT", "An apostrophe as â€™."),
    Dirt("empty text for no value", 0.300, "empty values",
         "patients.SUFFIX, patients.MAIDEN, patients.PASSPORT, encounters.REASONDESCRIPTION, "
         "intake_responses.ANSWER",
         "An empty string where the other rows have NULL."),
    Dirt("orphan of no patient", 0.005, "patients", "observations, payments",
         "One observation and one payment name a patient who does not exist."),
    Dirt("orphan of no encounter", 0.005, "patients", "observations.ENCOUNTER",
         "One observation names an encounter that does not exist."),
    Dirt("document without a file", 0.010, "patients", "documents.PATH",
         "One document whose PATH leads to no file."),
    Dirt("document of zero bytes", 0.008, "patients", "documents.PATH",
         "One document whose file is empty."),
    Dirt("encounter without provider", 0.020, "patients", "encounters.PROVIDER",
         "The first encounter has no provider."),
    Dirt("amount with currency sign", 0.030, "values", "payments.AMOUNT, subscriptions.PRICE",
         "$1,234.50 instead of 1234.50."),
    Dirt("amount with one decimal", 0.020, "values", "payments.AMOUNT, subscriptions.PRICE",
         "1234.5; only where nothing is lost by it."),
    Dirt("amount in brackets", 0.020, "payments", "payments.AMOUNT",
         "A refund written as accountants do: (12.00)."),
    Dirt("record after death", 0.004, "patients", "encounters",
         "The last encounter, with all that hangs on it, is dated after the patient's DEATHDATE."),
    Dirt("closed account", 0.120, "patients", "patients.STAGE, portal_accounts.STATUS",
         "The patient left: STAGE is closed, the portal account too."),
    Dirt("chart older than the retention window", 0.060, "patients", "all of the patient's records",
         "The patient has not been seen since before mid-2024; most of them count as active still."),
    Dirt("test account", 0.005, "patients", "patients.LAST, patients.EMAIL",
         "Made by staff: LAST is Test, EMAIL ends in @example.test."),
    Dirt("patient without provider", 0.010, "patients", "patients.PROVIDER",
         "PROVIDER is empty. Most of them pay for a program: a paid patient who did not route."),
    Dirt("intake without a decision", 0.150, "patients in intake", "intake_responses",
         "Every question is answered and submitted, and the patient is still in intake."),
    Dirt("refill without a fill", 0.020, "prescriptions in use", "medications.LAST_FILL, DISPENSES",
         "Refills are left, and no fill is known: LAST_FILL is empty, DISPENSES is 0."),
    Dirt("account without an address", 0.010, "patients", "portal_accounts.EMAIL",
         "EMAIL is empty: no reset link reaches the patient."),
    Dirt("repeated observation", 0.010, "patients", "observations",
         "One observation stands there twice, identical in every column."),
    Dirt("repeated provider", 0.025, "providers", "providers",
         "The row stands there twice, identical in every column."),
)
# fmt: on

_RATES = {each.kind: each.rate for each in DIRT}


def rate(kind: str) -> float:
    """The declared rate of a kind. Raises KeyError for one that the table does not have."""
    return _RATES[kind]


def dirt_table_markdown() -> str:
    """The table as docs/sample-source.md prints it."""
    lines = ["| Fault | Rate | Where | What is wrong |", "|---|---|---|---|"]
    lines += [
        f"| {each.kind} | {each.rate:.1%} of {each.of} | {each.where} | {each.sentence} |"
        for each in DIRT
    ]
    return "\n".join(lines)
