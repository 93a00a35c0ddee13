"""Clinical notes: what the clinician wrote, word for word.

The text keeps its lines; only double-encoded letters are repaired and the space around it goes.
A note whose encounter was archived but which is itself recent moves without the encounter. The
author and the cosigner are separate: a note that waits for its cosignature has none yet.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Retention, Source
from migration_platform.translation import code, instant, text

MAPS = Path(__file__).parent / "code_maps"
WRITTEN = instant("WRITTEN_AT")

ENTITY = Entity(
    name="clinical_note",
    description="A narrative note in the chart",
    source=Source(table="notes", key=("Id",), patient="PATIENT"),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENT"),
            required=True,
            description="Whose chart",
        ),
        Field(
            "encounter_id",
            "uuid",
            Reference("encounter", "ENCOUNTER"),
            description="The encounter it is about",
        ),
        Field(
            "author_id",
            "uuid",
            Reference("practitioner", "AUTHOR", same_patient=False),
            description="Who wrote it",
        ),
        Field(
            "cosigner_id",
            "uuid",
            Reference("practitioner", "COSIGNER", same_patient=False),
            description="Who signed it besides",
        ),
        Field("written_at", "timestamp", WRITTEN, required=True, description="When written"),
        Field(
            "type_code",
            "text",
            code("TYPE", MAPS / "note_type.csv"),
            required=True,
            description="Kind of note",
        ),
        Field("note_text", "text", text("TEXT"), required=True, description="The note"),
    ),
    retention=Retention(since=WRITTEN),
    file=Path(__file__),
)
