"""The command line works a record of the queue, and takes no value from its arguments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from migration_platform.command import make_app
from migration_platform.platform import Platform
from migration_platform.token import token
from migration_platform.value_view import read_views
from tests.decisions import tamper
from tests.migration_platform.stage.conftest import platform as platform
from tests.migration_platform.stage.small_migration import move


@pytest.fixture
def cli(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The command line on the small migration, moved once; returns what a command prints."""
    move(platform)
    monkeypatch.setattr(Platform, "open", classmethod(lambda cls: platform))

    def run(*words: str, given: str | None = None, code: int = 0) -> str:
        done = CliRunner().invoke(make_app(), list(words), input=given)
        assert (done.exit_code == 0) == (code == 0), done.output
        return done.stdout if code == 0 else f"{done.exception}"

    return run


def test_a_record_is_listed_assigned_corrected_accepted_and_shown(
    cli: Any, platform: Platform, tmp_path: Path
) -> None:
    mark = token(platform.settings.token_key(), "patient", "c")
    found = json.loads(cli("exceptions", "--records", "--json"))
    assert {k["kind"]: k["open"] for k in found["kinds"]} == {"untranslated": 1, "waiting": 1}
    assert mark in [r["token"] for r in found["records"]]
    assert mark in cli(
        "exceptions", "--kind", "untranslated", "--owner", "operations lead", "--records"
    )
    assert "No record waits" in cli("exceptions", "--overdue")

    cli("exception", "assign", mark, "--to", "Sam", "--by", "Bob")
    cli("exception", "comment", mark, "asked the clinic", "--by", "Sam")
    said = cli(
        "exception", "correct", mark, "--column", "NAME", "--by", "Cleo", "--reason", "known",
        "--json", given="Cleo Sanderson\n",
    )  # fmt: skip
    number = str(json.loads(said)["number"])
    cli("exception", "accept", mark, "--proposal", number, "--by", "Bob", "--reason", "right")

    plain = cli("exception", "show", mark)
    assert "Sanderson" not in said + plain
    assert "Sam works on it" in plain
    assert "in force: correct NAME" in plain
    look = ("exception", "show", mark, "--values", "--by")
    assert "a reason of 8 characters" in cli(*look, "Ada", code=2)
    assert "may not see patients' values" in cli(*look, "Dana", "--reason", "curiosity", code=1)
    seen = cli(*look, "Ada", "--reason", "to judge the correction")
    assert f"entry {number}: Cleo Sanderson" in seen
    [view] = read_views(platform)
    assert (view.person, view.way, view.token) == ("Ada", "command line", mark)


def test_what_may_not_be_decided_is_refused(cli: Any, platform: Platform) -> None:
    mark = token(platform.settings.token_key(), "patient", "c")
    by = ("--by", "Cleo", "--reason", "known")

    assert "for the operations lead" in cli("exception", "exclude", mark, *by, code=1)
    assert "the right text is empty" in cli(
        "exception", "correct", mark, "--column", "NAME", *by, given="\n", code=2
    )
    assert "no record 0000" in cli("exception", "show", "0000", code=2)
    assert "no kind is named 'odd'" in cli("exceptions", "--kind", "odd", code=2)


def test_what_is_overdue_is_said_by_triggers_and_changes_nothing_of_their_answer(
    cli: Any, platform: Platform
) -> None:
    assert json.loads(cli("triggers", "--json"))["overdue"] == []
    tamper(platform, "UPDATE migration.exception SET due_at = '2026-01-02 03:04+00'")

    said = cli("triggers")
    first, second = json.loads(cli("triggers", "--json"))["overdue"]

    assert "Wave pilot: 1 exception of kind 'untranslated' is past its due time." in said
    assert "1 of cohort one, operations lead: due since 2026-01-02 03:04 UTC" in said
    assert (first["kind"], first["owner"], first["count"]) == ("untranslated", "operations lead", 1)
    assert second["kind"] == "waiting"
