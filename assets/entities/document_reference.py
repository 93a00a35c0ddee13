"""Documents: the entry in the chart and the stored file it names, which move together.

Extract reads each file and adds its SHA-256 and size; the file is copied beside the load and keeps
its path, which holds no patient data. A file that is missing, unreadable or empty makes the record
an exception: an entry that leads nowhere is worse than one that waits. Consent forms are kept
however old; other documents from before the window are archived with their files.

Every column is moved.
"""

from pathlib import Path

import polars as pl

from migration_platform.entity import (
    Entity,
    Field,
    Reading,
    Reference,
    Retention,
    Source,
    Translation,
)
from migration_platform.translation import code, identifier, instant, text

MAPS = Path(__file__).parent / "code_maps"
TYPE = code("TYPE", MAPS / "document_type.csv")
CREATED = instant("CREATED")

SHA256 = Translation(
    sentence="SHA-256 of the stored file at PATH, in hexadecimal",
    columns=("PATH",),
    value=pl.col("_sha256"),
    problem=pl.col("_document_problem"),
    reading=Reading("sha256 of file", ("PATH",)),
)
SIZE = Translation(
    sentence="size in bytes of the stored file at PATH",
    columns=("PATH",),
    value=pl.col("_size"),
    problem=pl.when(pl.col("_size") == "0").then(pl.lit("the stored file is empty")),
    reading=Reading("size of file", ("PATH",)),
)

ENTITY = Entity(
    name="document_reference",
    description="A document in the chart, with its file",
    source=Source(table="documents", key=("Id",), patient="PATIENT"),
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
            description="The encounter it belongs to",
        ),
        Field(
            "author_id",
            "uuid",
            Reference("practitioner", "AUTHOR", same_patient=False),
            description="Who filed it",
        ),
        Field("title", "text", text("TITLE"), description="Title in the chart"),
        Field("type_code", "text", TYPE, required=True, description="Kind of document"),
        Field(
            "content_type",
            "text",
            identifier("CONTENT_TYPE"),
            required=True,
            description="Media type of the file",
        ),
        Field("created_at", "timestamp", CREATED, required=True, description="When filed"),
        Field(
            "storage_path",
            "text",
            identifier("PATH"),
            required=True,
            description="Where the file is stored",
        ),
        Field("sha256", "text", SHA256, required=True, description="Digest of the file"),
        Field("size_bytes", "integer", SIZE, required=True, description="Size of the file"),
    ),
    retention=Retention(
        since=CREATED,
        keep=TYPE.value == "consent",
        keep_sentence="it is a consent form",
    ),
    document_path="PATH",
    file=Path(__file__),
)
