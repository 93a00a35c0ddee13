"""What a stage rests on is of one instant."""

from __future__ import annotations

from contextlib import closing

from migration_platform.platform import Platform
from migration_platform.stage.record import recorded
from migration_platform.store import Stage, StageRun, Store
from tests.migration_platform.stage.small_migration import move

ASKED: tuple[str, str, Stage] = ("one", "visit", "extract")


def extract_elsewhere(platform: Platform) -> None:
    """Another process extracts meanwhile, and finds other content."""
    with closing(Store(platform.settings)) as other:
        other.finish(other.start(*ASKED), StageRun(*ASKED, digest="newer"))


def test_a_stage_asks_for_a_run_once_and_the_next_stage_anew(platform: Platform) -> None:
    move(platform)
    before = platform.store.latest(*ASKED)

    with recorded(platform, "one", "visit", "transform"):
        first = platform.store.latest(*ASKED)
        extract_elsewhere(platform)
        again = platform.store.latest(*ASKED)
    with recorded(platform, "one", "visit", "transform"):
        anew = platform.store.latest(*ASKED)

    assert before
    assert before.digest != "newer"
    assert first == again == before
    assert anew
    assert anew.digest == "newer"
