"""criteria.toml, readiness.toml and people.toml: what is wrong in them is said with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from migration_platform.decision.people import load_people
from migration_platform.errors import ConfigurationError
from migration_platform.evidence.criteria import Threshold, load_criteria
from migration_platform.evidence.readiness import load_readiness
from migration_platform.exception.kind import load_kinds
from migration_platform.wave import Cohort, Wave, load_plan
from tests.decisions import PEOPLE

ROOT = Path(__file__).parents[3]
WAVE = Wave("pilot", (Cohort("a", "pilot"), Cohort("b", "pilot")), None, 0, 0, 24, 0, 0, 1)
CRITERIA = """\
[[wave]]
name = "pilot"
sign_offs = ["clinical lead", "operations lead"]

[[wave.go]]
measure = "open exceptions"
at_most_percent = 0.10

[[wave.trigger]]
measure = "tickets"
at_most_percent = 150

[[wave.metric]]
name = "tickets"
baseline = { a = 4, b = 2.50 }
"""
READINESS = """\
[[item]]
name = "staff-trained"
waves = ["pilot"]
owner = "operations lead"
due = 2026-12-01
says = "Staff are trained"

[[item]]
name = "on-call"
waves = ["pilot"]
owner = "technical lead"
due = 2026-12-02
says = "Somebody is on call"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "file.toml"
    path.write_text(text)
    return path


def test_criteria_are_read_exactly(tmp_path: Path) -> None:
    found = load_criteria(write(tmp_path, CRITERIA), [WAVE])["pilot"]

    assert found.sign_offs == ("clinical lead", "operations lead")
    assert found.go == (Threshold("open exceptions", "at_most_percent", "0.1"),)
    assert found.triggers == (Threshold("tickets", "at_most_percent", "150"),)
    assert found.metrics[0].baseline == {"a": "4", "b": "2.5"}


def test_one_baseline_can_stand_for_all_cohorts(tmp_path: Path) -> None:
    text = CRITERIA.replace("{ a = 4, b = 2.50 }", "3")

    found = load_criteria(write(tmp_path, text), [WAVE])["pilot"]

    assert found.metrics[0].baseline == {"a": "3", "b": "3"}


@pytest.mark.parametrize(
    ("change", "by", "says"),
    [
        ('name = "pilot"', 'name = "first"', "line 2: no wave is named 'first'"),
        ('"clinical lead", "op', '"op', "line 3: wave 'pilot' needs sign_offs"),
        ('"clinical lead"', '"operations lead"', "line 3: .*two different roles"),
        ('"clinical lead"', '"boss"', "line 3: no role is named 'boss'"),
        ('"open exceptions"', '"open tickets"', "line 6: no measure is named 'open tickets'"),
        ("at_most_percent = 0.10", "at_most_percent = -1", "line 7: .* must be a number from 0"),
        ("at_most_percent = 0.10", 'at_most_percent = "few"', "line 7: .* must be a number"),
        ("at_most_percent = 0.10", "at_most = 1\nat_least = 1", "line 5: .* one bound of"),
        ("at_most_percent = 0.10", "below = 1", "line 7: a threshold has no setting 'below'"),
        ("at_most_percent = 150", "", "line 9: a threshold has one bound of"),
        ('name = "tickets"', 'name = "open exceptions"', "line 13: .* is measured already"),
        ("b = 2.50", "c = 2.50", "line 15: metric 'tickets' needs a baseline for each cohort: a, b"),
        ("baseline = {", "base = {", "line 15: a .*metric.* has no setting 'base'"),
        ("[[wave.go]]", "[[wave.stop]]", "line 5: wave 'pilot' has no setting 'stop'"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_criteria_is_said_with_its_line(
    tmp_path: Path, change: str, by: str, says: str
) -> None:
    path = write(tmp_path, CRITERIA.replace(change, by, 1))

    with pytest.raises(ConfigurationError, match=f"file.toml, {says}"):
        load_criteria(path, [WAVE])


def test_a_threshold_can_be_on_one_kind_of_exceptions(tmp_path: Path) -> None:
    text = CRITERIA.replace("at_most_percent = 0.10", 'kind = "waiting"\nat_most = 3')

    found = load_criteria(write(tmp_path, text), [WAVE], ["waiting"])["pilot"]

    assert found.go == (Threshold("open exceptions", "at_most", "3", "waiting"),)


@pytest.mark.parametrize(
    ("change", "by", "says"),
    [
        ("at_most_percent = 0.10", 'kind = "odd"\nat_most = 3', "line 7: .* no kind 'odd'"),
        ('"open exceptions"', '"tickets"\nkind = "waiting"', "line 7: 'tickets' has no kinds"),
        ('"open exceptions"', '"hours of the oldest exception"', "line 7: .* has no percentage"),
    ],
)
def test_a_mistaken_kind_is_said_with_its_line(
    tmp_path: Path, change: str, by: str, says: str
) -> None:
    path = write(tmp_path, CRITERIA.replace(change, by, 1))

    with pytest.raises(ConfigurationError, match=f"file.toml, {says}"):
        load_criteria(path, [WAVE], ["waiting"])


def test_readiness_items_have_an_owner_and_a_day(tmp_path: Path) -> None:
    found = load_readiness(write(tmp_path, READINESS), ["pilot", "rest"])

    assert [(i.wave, i.name, i.owner, i.due) for i in found] == [
        ("pilot", "staff-trained", "operations lead", date(2026, 12, 1)),
        ("pilot", "on-call", "technical lead", date(2026, 12, 2)),
    ]


@pytest.mark.parametrize(
    ("change", "by", "says"),
    [
        ('name = "on-call"', 'name = "on call"', "line 8: .* needs a name"),
        ('name = "on-call"', 'name = "staff-trained"', "line 9: a second item of wave pilot"),
        ('waves = ["pilot"]', 'waves = ["first"]', "line 3: no wave is named 'first'"),
        ('waves = ["pilot"]', "waves = []", "line 3: item 'staff-trained' needs waves"),
        ('"technical lead"', '"somebody"', "line 11: item 'on-call' needs an owner"),
        ("due = 2026-12-02", 'due = "soon"', "line 12: item 'on-call' needs a day"),
        ("due = 2026-12-02\n", "", "line 8: item 'on-call' needs a day"),
        ('says = "Somebody is on call"', 'says = " "', "line 13: item 'on-call' needs says"),
        ("due = 2026-12-02", "until = 2026-12-02", "line 12: item 'on-call' has no setting"),
    ],
)
def test_a_mistake_in_a_readiness_item_is_said_with_its_line(
    tmp_path: Path, change: str, by: str, says: str
) -> None:
    path = write(tmp_path, READINESS.replace(change, by, 1))

    with pytest.raises(ConfigurationError, match=f"file.toml, {says}"):
        load_readiness(path, ["pilot"])


def test_a_role_may_have_several_people_and_a_person_several_roles(tmp_path: Path) -> None:
    people = load_people(write(tmp_path, PEOPLE))

    assert people.holds("Ada", "clinical lead")
    assert people.holds("Ada", "operations lead")
    assert not people.holds("Bob", "clinical lead")
    with pytest.raises(ConfigurationError, match="names nobody 'Mallory'"):
        people.require("Mallory")


@pytest.mark.parametrize(
    ("change", "by", "says"),
    [
        ('compliance = ["Dana"]\n', "", "line 1: 'compliance' needs a list"),
        ('compliance = ["Dana"]', "compliance = []", "line 6: 'compliance' needs a list"),
        ('["Bob", "Ada"]', '["Bob", "Bob"]', "line 4: 'operations lead' names somebody twice"),
        ('["Cleo"]', '[" Cleo"]', "line 5: 'technical lead': a name is a text without spaces"),
        ("compliance =", "lawyer =", "line 6: .* has no setting 'lawyer'"),
    ],
)
def test_a_mistake_about_people_is_said_with_its_line(
    tmp_path: Path, change: str, by: str, says: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"file.toml, {says}"):
        load_people(write(tmp_path, PEOPLE.replace(change, by, 1)))


def test_the_shipped_files_can_be_read() -> None:
    plan = load_plan(ROOT / "assets/waves.toml")
    names = [w.name for w in plan.waves]

    kinds = load_kinds(ROOT / "assets/exceptions.toml")
    criteria = load_criteria(ROOT / "assets/criteria.toml", plan.waves, kinds)
    items = load_readiness(ROOT / "assets/readiness.toml", names)
    people = load_people(ROOT / "assets/people.toml")

    assert list(criteria) == names
    assert {i.wave for i in items} == set(names)
    assert people.named("clinical lead") == "Dana Ortiz"
