"""exceptions.toml: what is wrong in it is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration_platform.errors import ConfigurationError
from migration_platform.exception.kind import BY_FIELD, Kind, find_kind, load_kinds
from migration_platform.exception.ruling import POSSIBLE
from migration_platform.registry import load_entities

ROOT = Path(__file__).parents[3]
KIND = """\
[[kind]]
name = "waiting"
means = "It waits"
owner = "compliance"
hours = 24
path = "Wait"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "exceptions.toml"
    path.write_text(text)
    return path


def test_a_kind_has_owner_hours_and_a_way_out(tmp_path: Path) -> None:
    found = load_kinds(write(tmp_path, KIND))

    assert found == {"waiting": Kind("waiting", "It waits", "compliance", 24, "Wait")}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"compliance"', '"janitor"', "line 4: 'janitor' is neither a role"),
        ("hours = 24", "hours = 0", "line 5: 'hours' must be a whole number from 1"),
        ("hours = 24", "hours = true", "line 5: 'hours' must be"),
        ("hours = 24\n", "", "line 1: 'hours' must be"),
        ('path = "Wait"\n', "", "line 1: a .*needs a text for 'path'"),
        ('means = "It waits"', 'means = " "', "line 3: .* 'means'"),
        ('path = "Wait"\n', 'path = "Wait"\nsla = 3\n', "line 7: .* no setting 'sla'"),
        (KIND, KIND + KIND, "line 8: 'waiting' is declared already"),
        (KIND, "", "it declares no"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load_kinds(write(tmp_path, KIND.replace(old, new)))


def test_a_kind_that_nobody_declared_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no kind 'odd'.*It has: waiting"):
        find_kind(load_kinds(write(tmp_path, KIND)), "odd")


def test_every_kind_that_the_shipped_entities_can_raise_is_declared() -> None:
    kinds = load_kinds(ROOT / "assets" / "exceptions.toml")
    raised = {
        "untranslated",
        "unmapped code",
        "broken reference",
        "waiting",
        "difference",
        POSSIBLE,
    }
    for entity in load_entities().values():
        raised |= {r.kind for r in entity.rules if r.end == "excepted"}
        raised |= {c.kind for c in entity.concerns}
        raised |= {entity.source.distinct_kind}

    assert raised == set(kinds)
    assert kinds["untranslated"].owner == BY_FIELD
