"""Intake responses: the answers of patients who are joining a program, some half way through.

An intake in flight must not start over: a draft moves even without an answer, and however old.

An intake that is answered throughout for two weeks while its patient is still in intake moves, and
somebody must look at it: the provider's decision did not arrive. It is queued once, under its last
answer.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Concern, Entity, Field, Reference, Retention, Source
from migration_platform.translation import code, instant, text

MAPS = Path(__file__).parent / "code_maps"
STATUS = code("STATUS", MAPS / "intake_status.csv")
ANSWERED = instant("ANSWERED_AT")

ENTITY = Entity(
    name="intake_response",
    description="An answer in a program's intake form",
    group="engagement",
    source=Source(table="intake_responses", key=("Id",), patient="PATIENT"),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENT"),
            required=True,
            description="Who answered",
        ),
        Field(
            "program_code",
            "text",
            code("PROGRAM", MAPS / "program.csv"),
            required=True,
            description="Program of care",
        ),
        Field("question", "text", text("QUESTION"), required=True, description="As it was asked"),
        Field("answer", "text", text("ANSWER"), description="Empty while unanswered"),
        Field("status_code", "text", STATUS, required=True, description="How far it is"),
        Field("answered_at", "timestamp", ANSWERED, description="When"),
    ),
    retention=Retention(
        since=ANSWERED,
        keep=STATUS.value == "draft",
        keep_sentence="the intake is in flight",
    ),
    concerns=(
        Concern(
            name="decision-did-not-arrive",
            query="""
                SELECT arg_max(i.source_id, (i.answered_at, i.source_id))
                FROM intake_response i JOIN patient p ON p.id = i.patient_id
                WHERE p.stage_code = 'intake' GROUP BY i.patient_id, i.program_code
                HAVING bool_and(i.status_code = 'submitted')
                AND max(i.answered_at) < getvariable('as_of') - INTERVAL 14 DAY
            """,
            sentence="Answered throughout for two weeks, and the patient is still in intake",
            kind="decision did not arrive",
        ),
    ),
    file=Path(__file__),
)
