"""waves.toml: what is wrong in it is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration_platform.errors import ConfigurationError
from migration_platform.wave import load_plan

GOOD = """\
[population]
table = "patients"
key = "Id"

[retention]
months = 12

[retention.entities]
allergy = "keep"

[[wave]]
name = "pilot"
max_patients = 10

[[wave.cohort]]
name = "a"
where = { state = ["MA"] }

[[wave]]
name = "rest"

[[wave.cohort]]
name = "b"

[[wave.cohort]]
name = "lost"
orphans = true
"""


def read(tmp_path: Path, text: str):
    path = tmp_path / "waves.toml"
    path.write_text(text)
    return load_plan(path)


def test_waves_come_in_order_and_know_the_one_before(tmp_path: Path) -> None:
    plan = read(tmp_path, GOOD)

    assert [w.name for w in plan.waves] == ["pilot", "rest"]
    assert plan.before("pilot") is None
    assert plan.before("rest").name == "pilot"
    assert plan.wave_of("b").name == "rest"
    assert (plan.months("encounter"), plan.months("allergy")) == (12, None)


@pytest.mark.parametrize(
    ("change", "by", "says"),
    [
        ('name = "b"', 'name = "a"', "line 23: a second cohort is named 'a'"),
        ("months = 12", "months = -1", "line 6: months must be a number of months"),
        ('state = ["MA"]', 'colour = ["red"]', "line 17: cohort 'a': rules are over"),
        ("max_patients = 10", "max_patients = 0", "line 13: give a number of patients above 0"),
        ("max_patients = 10", "min_sample_charts = -1", "line 13: give a number of charts"),
        ("max_patients = 10", "min_sample_charts = true", "line 13: give a number of charts"),
        ("max_patients = 10", "patients = 10", "line 13: wave 'pilot' has no setting 'patients'"),
        ('key = "Id"', "", "line 1: [population] needs 'key'"),
        ('name = "b"', 'name = "reference"', "line 23: a cohort needs a name"),
        ("[retention]", "[retention", "not valid TOML"),
        ("orphans = true", "", "one cohort, and only one, takes the records"),
        ('name = "lost"', 'name = "a-name-of-more-than-24-chars"', "up to 24 letters"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, change: str, by: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read(tmp_path, GOOD.replace(change, by))

    assert says in str(raised.value)


def test_a_window_may_be_to_keep_everything(tmp_path: Path) -> None:
    plan = read(tmp_path, GOOD.replace("months = 12", 'months = "keep"'))

    assert plan.months("encounter") is None


def test_a_wave_that_does_not_exist_is_answered_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has: pilot, rest"):
        read(tmp_path, GOOD).wave("pilto")
