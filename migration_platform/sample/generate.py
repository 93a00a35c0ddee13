"""The generated source: chunk by chunk, so that memory stays flat whatever the size.

What is in a chunk is made elsewhere; here it is put together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from migration_platform.errors import ConfigurationError
from migration_platform.sample import billing, clinical, documents, telehealth
from migration_platform.sample.draws import Draws
from migration_platform.sample.measurements import make_observations
from migration_platform.sample.people import make_patients
from migration_platform.sample.practice import make_practice
from migration_platform.sample.visits import make_visits

VERSION = 1
"""Raised by whoever changes what a seed yields: it is part of the source's digest."""

CHUNK = 2_000
"""Patients made at once. The data does not depend on it."""

LARGEST = 1_000_000
"""Patients that have SSNs of their own."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows by table, and the stored files of the documents among them."""

    patients: int
    tables: dict[str, pl.DataFrame]
    files: documents.StoredFiles


def digest_of(patients: int, seed: int) -> str:
    """Names what `patients` and `seed` yield with this version of the generator."""
    return hashlib.sha256(f"sample {VERSION} {patients} {seed}".encode()).hexdigest()


def generate_chunks(
    patients: int, seed: int, *, chunk: int = CHUNK
) -> Iterator[dict[str, pl.DataFrame]]:
    """The sample's rows by table, all of them text; the first chunk holds only the practice."""
    reference, chunks = generate(patients, seed, chunk=chunk)
    yield reference
    for each in chunks:
        yield each.tables


def generate(
    patients: int, seed: int, *, chunk: int = CHUNK
) -> tuple[dict[str, pl.DataFrame], Iterator[Chunk]]:
    """The tables that belong to no patient, and then the patients' chunk by chunk."""
    if not 1 <= patients <= LARGEST:
        raise ConfigurationError(
            f"a sample has 1 to {LARGEST:,} patients, not {patients:,}. Give another --patients."
        )
    draws = Draws(seed)
    practice, reference = make_practice(draws, patients)
    folder = digest_of(patients, seed)[:8]

    def chunks() -> Iterator[Chunk]:
        for start in range(0, patients, chunk):
            index = np.arange(start, min(start + chunk, patients), dtype=np.uint64)
            who, rows = make_patients(draws, practice, index)
            visits, encounters = make_visits(draws, practice, who)
            papers, files = documents.make_documents(draws, practice, who, visits, folder)
            yield Chunk(
                patients=len(index),
                tables={
                    "patients": rows,
                    "payer_transitions": billing.make_coverage(draws, practice, who),
                    "encounters": encounters,
                    "conditions": clinical.make_conditions(draws, who, visits),
                    "allergies": clinical.make_allergies(draws, who, visits),
                    "medications": clinical.make_medications(draws, practice, who, visits),
                    "observations": make_observations(draws, who, visits),
                    "procedures": clinical.make_procedures(draws, who, visits),
                    "immunizations": clinical.make_immunizations(draws, who, visits),
                    "careplans": clinical.make_careplans(draws, who, visits),
                    **billing.make_claims(draws, practice, who, visits),
                    "portal_accounts": telehealth.make_portal_accounts(draws, who),
                    **telehealth.make_subscriptions(draws, who),
                    "intake_responses": telehealth.make_intake_responses(draws, who),
                    "notes": documents.make_notes(draws, practice, who, visits),
                    "documents": papers,
                    "communication_preferences": telehealth.make_preferences(draws, who),
                },
                files=files,
            )

    return reference, chunks()
