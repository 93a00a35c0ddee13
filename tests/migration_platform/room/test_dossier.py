"""A wave's dossier: what is on the screen is what was exported is what was signed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from migration_platform.command import make_app
from migration_platform.command.evidence import read_document
from migration_platform.errors import EvidenceError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from tests.migration_platform.room.conftest import SignedIn


def read_part(page: str) -> list[str]:
    """The text of what is read about the wave, without markup; `proof` and `CSV` are links alone."""
    part = page[page.index('<div class="read">') : page.index("A decision names it")]
    part = re.sub(r'<p class="act".*?</p>', "", part, flags=re.DOTALL)  # leads to the forms
    words = re.sub(r"<[^>]+>", "\n", part).split("\n")
    kept = [word.strip() for word in words if word.strip()]
    return [w for w in kept if w not in ("proof", "CSV", "What you may decide")]


def test_the_dossier_says_what_the_page_says_with_the_evidence_that_is_signed(
    moved: Platform, signed_in: SignedIn, tmp_path: Path
) -> None:
    ada = signed_in("Ada")
    page, answer = ada.get("/waves/pilot").text, ada.get("/waves/pilot/dossier.html")
    digest = assemble_evidence(moved, "pilot").digest

    assert read_part(answer.text) == read_part(page)
    assert digest[:12] in answer.headers["content-disposition"]
    file = tmp_path / "pilot.html"
    file.write_text(answer.text, encoding="utf-8")
    assert read_document(file)["digest"] == digest


def test_the_dossier_fetches_nothing_and_leads_nowhere_outside_of_itself(
    signed_in: SignedIn,
) -> None:
    text = signed_in("Ada").get("/waves/pilot/dossier.html").text

    links = re.findall(r'(?:href|src|action)="([^"]*)"', text)
    anchors = {f"#{name}" for name in re.findall(r'id="([^"]+)"', text)}
    assert set(links) <= anchors
    assert "<form" not in text
    assert "@import" not in text


def test_an_altered_dossier_is_refused_and_an_honest_one_judged_again(
    moved: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Platform, "open", classmethod(lambda cls: moved))
    file = tmp_path / "pilot.html"

    written = CliRunner().invoke(make_app(), ["dossier", "pilot", "--output", str(file)])
    judged = CliRunner().invoke(make_app(), ["replay", str(file)])
    file.write_text(file.read_text().replace('"loaded":', '"loaded": 9, "was":', 1))

    assert written.exit_code == 0, written.output
    assert "hold" in judged.output
    with pytest.raises(EvidenceError, match="was altered"):
        read_document(file)
