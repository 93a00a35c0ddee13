"""Stored files: what a load brought goes, what it replaced returns, what people changed stays."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from migration_platform.destination.documents import (
    bring_back_document,
    copy_document,
    take_back_document,
)

PATH = "2024/scan.pdf"


def put(file: Path, content: str) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return sha256(content.encode()).hexdigest()


def test_a_file_that_a_load_copied_goes_and_may_go_again(tmp_path: Path) -> None:
    there = tmp_path / "there"
    digest = put(tmp_path / "source.pdf", "loaded")
    copy_document(tmp_path / "source.pdf", there, PATH, digest)

    assert take_back_document(there, PATH, [digest])
    assert take_back_document(there, PATH, [digest])
    assert not (there / PATH).exists()


def test_a_file_that_somebody_changed_since_stays(tmp_path: Path) -> None:
    there = tmp_path / "there"
    digest = put(tmp_path / "source.pdf", "loaded")
    copy_document(tmp_path / "source.pdf", there, PATH, digest)
    put(there / PATH, "annotated")

    assert not take_back_document(there, PATH, [digest])
    assert (there / PATH).read_text() == "annotated"


def test_a_file_that_a_load_replaced_returns(tmp_path: Path) -> None:
    there = tmp_path / "there"
    before = put(there / PATH, "before")
    digest = put(tmp_path / "source.pdf", "loaded")
    copy_document(tmp_path / "source.pdf", there, PATH, digest)
    assert (there / PATH).read_text() == "loaded"

    assert bring_back_document(there, PATH, before)
    assert (there / PATH).read_text() == "before"
    assert not bring_back_document(there, PATH, "0" * 64)


def test_no_path_leads_out_of_the_folder(tmp_path: Path) -> None:
    digest = put(tmp_path / "outside", "theirs")

    take_back_document(tmp_path / "there", "../outside", [digest])

    assert (tmp_path / "outside").exists()
