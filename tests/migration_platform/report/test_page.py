"""Pages: written whole or not at all, in words, in colours that can be read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from migration_platform.report import write_report
from migration_platform.report.page import HERE, count_noun, format_time, join_words

CSS = (HERE / "page.css").read_text(encoding="utf-8")


def test_a_report_replaces_the_one_before_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    page = tmp_path / "reports" / "pilot-a.html"

    write_report(page, "first")
    write_report(page, "second")

    assert page.read_text() == "second"
    assert [each.name for each in page.parent.iterdir()] == ["pilot-a.html"]


def test_a_report_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "pilot-a.html"
    write_report(page, "first")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))

    with pytest.raises(OSError, match="full"):
        write_report(page, "second")

    assert page.read_text() == "first"


def test_times_are_in_utc_and_say_so() -> None:
    moment = datetime(2026, 6, 30, 4, 15, 9, tzinfo=timezone(timedelta(hours=-4)))

    assert format_time(moment) == "2026-06-30 08:15:09 UTC"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_time(datetime(2026, 6, 30, tzinfo=UTC).replace(tzinfo=None))


def test_words_are_joined_as_people_do() -> None:
    assert join_words(["a"]) == "a"
    assert join_words(["a", "b"]) == "a and b"
    assert join_words(["a", "b", "c", "d"]) == "a, b, c and d"
    assert join_words(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_nouns_follow_their_number() -> None:
    assert count_noun(1, "record") == "1 record"
    assert count_noun(1204, "record") == "1,204 records"
    assert count_noun(2, "entity") == "2 entities"


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("paper", ["paper", "sheet"])
@pytest.mark.parametrize("ink", ["ink", "ink-soft", "accent", "bad", "odd", "good", "idle"])
def test_every_ink_can_be_read_on_every_paper(scheme: int, paper: str, ink: str) -> None:
    block = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))

    assert contrast(colours[ink], colours[paper]) >= 4.5
