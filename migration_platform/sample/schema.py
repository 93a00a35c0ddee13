"""The source platform's tables: names, columns, and what an older Synthea export calls them.

The clinical tables have the columns of a Synthea CSV export (2024); the telehealth company's own
columns and tables follow. What the columns are filled with stands elsewhere in this package.
"""

from __future__ import annotations


def _columns(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SYNTHEA: dict[str, tuple[str, ...]] = {
    "patients": _columns(
        "Id BIRTHDATE DEATHDATE SSN DRIVERS PASSPORT PREFIX FIRST LAST SUFFIX MAIDEN MARITAL RACE "
        "ETHNICITY GENDER BIRTHPLACE ADDRESS CITY STATE COUNTY ZIP LAT LON HEALTHCARE_EXPENSES "
        "HEALTHCARE_COVERAGE"
    ),
    "organizations": _columns("Id NAME ADDRESS CITY STATE ZIP LAT LON PHONE REVENUE UTILIZATION"),
    "providers": _columns(
        "Id ORGANIZATION NAME GENDER SPECIALITY ADDRESS CITY STATE ZIP LAT LON UTILIZATION"
    ),
    "payers": _columns(
        "Id NAME ADDRESS CITY STATE_HEADQUARTERED ZIP PHONE AMOUNT_COVERED AMOUNT_UNCOVERED "
        "REVENUE COVERED_ENCOUNTERS UNCOVERED_ENCOUNTERS COVERED_MEDICATIONS "
        "UNCOVERED_MEDICATIONS COVERED_PROCEDURES UNCOVERED_PROCEDURES COVERED_IMMUNIZATIONS "
        "UNCOVERED_IMMUNIZATIONS UNIQUE_CUSTOMERS QOLS_AVG MEMBER_MONTHS"
    ),
    "payer_transitions": _columns(
        "PATIENT MEMBERID START_YEAR END_YEAR PAYER SECONDARY_PAYER OWNERSHIP OWNERNAME"
    ),
    "encounters": _columns(
        "Id START STOP PATIENT ORGANIZATION PROVIDER PAYER ENCOUNTERCLASS CODE DESCRIPTION "
        "BASE_ENCOUNTER_COST TOTAL_CLAIM_COST PAYER_COVERAGE REASONCODE REASONDESCRIPTION"
    ),
    "conditions": _columns("START STOP PATIENT ENCOUNTER CODE DESCRIPTION"),
    "allergies": _columns(
        "START STOP PATIENT ENCOUNTER CODE SYSTEM DESCRIPTION TYPE CATEGORY REACTION1 "
        "DESCRIPTION1 SEVERITY1 REACTION2 DESCRIPTION2 SEVERITY2"
    ),
    "medications": _columns(
        "START STOP PATIENT PAYER ENCOUNTER CODE DESCRIPTION BASE_COST PAYER_COVERAGE DISPENSES "
        "TOTALCOST REASONCODE REASONDESCRIPTION"
    ),
    "observations": _columns("DATE PATIENT ENCOUNTER CATEGORY CODE DESCRIPTION VALUE UNITS TYPE"),
    "procedures": _columns(
        "START STOP PATIENT ENCOUNTER CODE DESCRIPTION BASE_COST REASONCODE REASONDESCRIPTION"
    ),
    "immunizations": _columns("DATE PATIENT ENCOUNTER CODE DESCRIPTION BASE_COST"),
    "careplans": _columns(
        "Id START STOP PATIENT ENCOUNTER CODE DESCRIPTION REASONCODE REASONDESCRIPTION"
    ),
    "claims": _columns(
        "Id PATIENTID PROVIDERID PRIMARYPATIENTINSURANCEID SECONDARYPATIENTINSURANCEID "
        "DEPARTMENTID PATIENTDEPARTMENTID DIAGNOSIS1 DIAGNOSIS2 DIAGNOSIS3 DIAGNOSIS4 DIAGNOSIS5 "
        "DIAGNOSIS6 DIAGNOSIS7 DIAGNOSIS8 REFERRINGPROVIDERID APPOINTMENTID CURRENTILLNESSDATE "
        "SERVICEDATE SUPERVISINGPROVIDERID STATUS1 STATUS2 STATUSP OUTSTANDING1 OUTSTANDING2 "
        "OUTSTANDINGP LASTBILLEDDATE1 LASTBILLEDDATE2 LASTBILLEDDATEP HEALTHCARECLAIMTYPEID1 "
        "HEALTHCARECLAIMTYPEID2"
    ),
    # Synthea spells this one table's key ID; everywhere else it is Id.
    "claims_transactions": _columns(
        "ID CLAIMID CHARGEID PATIENTID TYPE AMOUNT METHOD FROMDATE TODATE PLACEOFSERVICE "
        "PROCEDURECODE MODIFIER1 MODIFIER2 DIAGNOSISREF1 DIAGNOSISREF2 DIAGNOSISREF3 "
        "DIAGNOSISREF4 UNITS DEPARTMENTID NOTES UNITAMOUNT TRANSFEROUTID TRANSFERTYPE PAYMENTS "
        "ADJUSTMENTS TRANSFERS OUTSTANDING APPOINTMENTID LINENOTE PATIENTINSURANCEID "
        "FEESCHEDULEID PROVIDERID SUPERVISINGPROVIDERID"
    ),
    "devices": _columns("START STOP PATIENT ENCOUNTER CODE DESCRIPTION UDI"),
    "imaging_studies": _columns(
        "Id DATE PATIENT ENCOUNTER SERIES_UID BODYSITE_CODE BODYSITE_DESCRIPTION MODALITY_CODE "
        "MODALITY_DESCRIPTION INSTANCE_UID SOP_CODE SOP_DESCRIPTION PROCEDURE_CODE"
    ),
    "supplies": _columns("DATE PATIENT ENCOUNTER CODE DESCRIPTION QUANTITY"),
}
"""The 18 tables of a Synthea CSV export, as spelled there in 2024."""

UNMOVED: tuple[str, ...] = ("devices", "imaging_studies", "supplies")
"""Tables of an export that stand in the source and that no entity moves."""

ADDED: dict[str, tuple[str, ...]] = {
    "patients": _columns("PROGRAM STAGE PROVIDER PHONE EMAIL TIME_ZONE"),
    "providers": _columns("NPI CREDENTIALS LICENSE_STATES"),
    "medications": _columns("REFILLS_LEFT LAST_FILL SIG STATUS PRESCRIBER"),
}
"""The telehealth company's own columns on clinical tables."""

OWN: dict[str, tuple[str, ...]] = {
    "portal_accounts": _columns(
        "Id PATIENT LOGIN EMAIL PHONE PASSWORD_HASH STATUS CREATED LAST_LOGIN"
    ),
    "subscriptions": _columns(
        "Id PATIENT PROGRAM PLAN STATUS STARTED RENEWS CANCELLED PRICE CURRENCY PAYMENT_TOKEN"
    ),
    "payments": _columns(
        "Id PATIENT SUBSCRIPTION AMOUNT CURRENCY STATUS PAID_AT METHOD CARD_LAST4 PROCESSOR_REF"
    ),
    "intake_responses": _columns("Id PATIENT PROGRAM QUESTION ANSWER STATUS ANSWERED_AT"),
    "notes": _columns("Id PATIENT ENCOUNTER AUTHOR COSIGNER WRITTEN_AT TYPE TEXT"),
    "documents": _columns("Id PATIENT ENCOUNTER TITLE TYPE CONTENT_TYPE PATH CREATED AUTHOR"),
    "communication_preferences": _columns("Id PATIENT CHANNEL TOPIC CONSENT UPDATED_AT"),
}
"""The telehealth company's own tables."""

SAMPLE: dict[str, tuple[str, ...]] = {
    **{
        table: columns + ADDED.get(table, ())
        for table, columns in SYNTHEA.items()
        if table not in UNMOVED
    },
    **OWN,
}
"""Every table that `build_sample` fills, with its columns in order."""

KNOWN: dict[str, tuple[str, ...]] = {**SYNTHEA, **SAMPLE}
"""Every table that an import recognizes, with the columns it may have."""

RENAMED: dict[tuple[str, str], str] = {
    ("encounters", "DATE"): "START",
    ("procedures", "DATE"): "START",
}
"""Spellings of the 2017 export that became another word; ID for Id needs no entry (only case)."""


def patient_column(table: str) -> str | None:
    """The column that holds the patient's id; None for tables that belong to no patient."""
    if table == "patients":
        return "Id"
    columns = KNOWN[table]
    return next((name for name in ("PATIENT", "PATIENTID") if name in columns), None)


def spell(table: str, column: str) -> str:
    """A column of an export as the source platform spells it; an unknown one stays as it is."""
    known = {name.upper(): name for name in KNOWN[table]}
    given = column.upper()
    return known.get(given) or RENAMED.get((table, given)) or column
