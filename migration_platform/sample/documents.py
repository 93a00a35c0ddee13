"""Notes and documents: what was written down, and the stored files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from migration_platform.sample.dirt import rate
from migration_platform.sample.draws import Draws, Ints, expand, pick
from migration_platform.sample.names import tear
from migration_platform.sample.people import Patients
from migration_platform.sample.practice import Practice
from migration_platform.sample.programs import PROGRAMS
from migration_platform.sample.spelling import spell_instants
from migration_platform.sample.text import only
from migration_platform.sample.visits import Visits

_NOTE_TYPES = ("progress note", "telephone", "follow-up", "message")
_OPENINGS = (
    "Video visit, identity and location confirmed.",
    "Asynchronous review of the patient's questionnaire and photographs.",
    "Telephone follow-up; the patient's consent to telehealth is on file.",
)
_CLOSINGS = (
    "Follow-up in four weeks.", "Follow-up in three months.", "Return as needed.",
    "Message the care team with any questions.",
)  # fmt: skip
_TITLES = (
    ("Laboratory report", "lab_report", "application/pdf"),
    ("Consent to telehealth", "consent", "application/pdf"),
    ("Referral letter", "letter", "application/pdf"),
    ("Visit summary", "visit_summary", "text/plain"),
)
_MISSING, _EMPTY, _WHOLE = range(3)


@dataclass(frozen=True, slots=True)
class StoredFiles:
    """The files of a chunk's documents: paths below the documents folder, and what is in them."""

    paths: list[str]
    titles: list[str]
    pdf: list[bool]
    state: list[int]

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Path and content of each file that exists."""
        for path, title, pdf, state in zip(
            self.paths, self.titles, self.pdf, self.state, strict=True
        ):
            if state == _EMPTY:
                yield path, b""
            elif state == _WHOLE:
                words = f"{title} {path[-40:-4]}"
                yield path, make_pdf(words) if pdf else f"{words}\n".encode()


def make_notes(
    draws: Draws, practice: Practice, patients: Patients, visits: Visits
) -> pl.DataFrame:
    """A note for most encounters, co-signed by a physician where the author is none."""
    visit = np.flatnonzero(draws.happens("noted", visits.keys, 0.85))
    key, patient = visits.keys[visit], visits.patient[visit]
    provider = visits.provider[visit]
    torn = draws.happens("torn note", key, rate("mojibake in a note"))
    openings = [*_OPENINGS, *(tear(words.replace("'", "’")) for words in _OPENINGS)]
    # Only openings with an apostrophe show what a wrong decoding does.
    opening = np.where(
        torn,
        3 + 1 + draws.below("torn opening", key, 2),
        draws.below("opening", key, 3),
    )
    phrases = [phrase for p in PROGRAMS for phrase in p.phrases]
    count = np.array([len(p.phrases) for p in PROGRAMS])
    first = (np.cumsum(count) - count)[patients.program[patient]]
    size = count[patients.program[patient]]
    start = draws.below("phrase", key, size)
    body = [pick(phrases, first + (start + step) % size) for step in range(3)]
    text = pl.DataFrame(
        [
            pick(openings, opening).alias("0"),
            *(part.alias(str(n)) for n, part in enumerate(body, start=1)),
            pick(_CLOSINGS, draws.below("closing", key, len(_CLOSINGS))).alias("9"),
        ]
    ).select(pl.format("S: {} {}\nO: {}\nA/P: {} {}", "0", "1", "2", "3", "9"))
    return pl.DataFrame(
        {
            "Id": draws.uuids("note", key),
            "PATIENT": patients.ids.gather(patient),
            "ENCOUNTER": visits.ids.gather(visit),
            "AUTHOR": practice.ids.gather(provider),
            "COSIGNER": only(
                ~practice.physician[provider], practice.ids.gather(practice.supervisor[provider])
            ),
            "WRITTEN_AT": spell_instants(draws, "notes.WRITTEN_AT", key, visits.stop[visit] + 300),
            "TYPE": pick(_NOTE_TYPES, draws.weighted("note type", key, (78, 12, 6, 4))),
            "TEXT": text.to_series(),
        }
    )


def make_documents(
    draws: Draws, practice: Practice, patients: Patients, visits: Visits, folder: str
) -> tuple[pl.DataFrame, StoredFiles]:
    """A document for every second patient, with its file below `folder`; a few are broken."""
    missing = draws.spread("missing file", patients.index, rate("document without a file"))
    empty = draws.spread("empty file", patients.index, rate("document of zero bytes"))
    has = draws.happens("document", patients.index, 0.5) & ~patients.thin
    has = (has | missing | empty) & (visits.count > 0)
    patient, _ = expand(has.astype(np.int64))
    key = patients.index[patient]
    visit: Ints = visits.any_of(draws, "documented at", key, patient)
    what = draws.weighted("document type", key, (40, 25, 10, 25))
    ids = draws.uuids("document", key)
    ending = pick([".pdf" if t[2] == "application/pdf" else ".txt" for t in _TITLES], what)
    paths = pl.DataFrame({"id": ids, "ending": ending}).select(
        pl.format("{}/{}/{}{}", pl.lit(folder), pl.col("id").str.head(2), "id", "ending")
    )
    state = np.where(missing, _MISSING, np.where(empty, _EMPTY, _WHOLE))[patient]
    titles = pick([t[0] for t in _TITLES], what)
    rows = pl.DataFrame(
        {
            "Id": ids,
            "PATIENT": patients.ids.gather(patient),
            "ENCOUNTER": visits.ids.gather(visit),
            "TITLE": titles,
            "TYPE": pick([t[1] for t in _TITLES], what),
            "CONTENT_TYPE": pick([t[2] for t in _TITLES], what),
            "PATH": paths.to_series(),
            "CREATED": spell_instants(draws, "documents.CREATED", key, visits.stop[visit] + 900),
            "AUTHOR": practice.ids.gather(visits.provider[visit]),
        }
    )
    files = StoredFiles(
        paths=rows["PATH"].to_list(),
        titles=titles.to_list(),
        pdf=(what != 3).tolist(),
        state=state.tolist(),
    )
    return rows, files


def make_pdf(words: str) -> bytes:
    """A valid PDF of one page that says these words."""
    text = words.replace("\\", "").replace("(", "").replace(")", "")
    stream = f"BT /F1 14 Tf 72 720 Td ({text}) Tj ET".encode("ascii", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    parts = [b"%PDF-1.4\n"]
    table = [b"0000000000 65535 f \n"]
    size = len(parts[0])
    for number, each in enumerate(objects, start=1):
        part = b"%d 0 obj\n%s\nendobj\n" % (number, each)
        table.append(b"%010d 00000 n \n" % size)
        parts.append(part)
        size += len(part)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(table), size)
    return b"".join([*parts, b"xref\n0 %d\n" % len(table), *table, trailer])


def store_files(root: Path, files: StoredFiles) -> None:
    """Write the files, each whole or not at all, readable by their owner alone."""
    for path, content in files:
        target = root / path
        draft = f"{target}.part"
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except FileNotFoundError:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, content)
        finally:
            os.close(handle)
        os.replace(draft, target)
