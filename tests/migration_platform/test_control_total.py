"""The file of control totals: what is not right is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.entities import ENTITIES
from migration_platform.control_total import digest_totals, load_control_totals
from migration_platform.errors import ConfigurationError

GOOD = """\
# Sums.
[[total]]
name = "visits by note"
entity = "visit"
sentence = "Visits."
source = "SELECT _end, NOTE, count(*), sum(money(COST)) FROM visits GROUP BY ALL"
destination = '''
SELECT note, count(*), sum(cost)
FROM cohort_visit JOIN cohort_patient USING (id) GROUP BY 1
'''
"""


def load(tmp_path: Path, text: str):
    path = tmp_path / "control_totals.toml"
    path.write_text(text)
    return load_control_totals(path, ["patient", "visit"])


def test_a_total_is_read_with_the_entities_whose_rows_it_sums(tmp_path: Path) -> None:
    (total,) = load(tmp_path, GOOD)

    assert (total.name, total.entity, total.must_be_empty) == ("visits by note", "visit", False)
    assert total.cohort_tables == ("visit", "patient")


def test_an_empty_file_asks_for_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "# none\n") == ()
    assert digest_totals(()) == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('entity = "visit"', 'entity = "visits"', "line 4: total 'visits by note': no entity is named 'visits'"),
        ("cohort_patient", "cohort_payer", "line 9: total 'visits by note': no entity is named 'payer'"),
        ("cohort_visit", "visit", "line 7: total 'visits by note': read the cohort's own rows"),
        ("_end, ", "", "line 6: total 'visits by note': return _end first"),
        ('sentence = "Visits."', 'sentence = ""', "line 5: a total needs 'sentence'"),
        ('sentence = "Visits."\n', "", "line 2: a total needs 'sentence'"),
        ('sentence = "Visits."', 'sentence = "V."\nwidth = 3', "line 6: a total has no setting 'width'"),
        ('sentence = "Visits."', 'sentence = "V."\nmust_be_empty = 1', "line 6: must_be_empty"),
        ("# Sums.", "speed = 3", "line 1: this file has \\[\\[total\\]\\] only, not 'speed'"),
        ("# Sums.", "[[total", "not valid TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD

    with pytest.raises(ConfigurationError, match=said):
        load(tmp_path, GOOD.replace(old, new))


def test_a_second_total_of_one_name_is_refused_where_it_stands(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="line 13: a second total is named"):
        load(tmp_path, GOOD + GOOD)


def test_another_question_has_another_digest(tmp_path: Path) -> None:
    before = digest_totals(load(tmp_path, GOOD))
    after = digest_totals(load(tmp_path, GOOD.replace("sum(cost)", "max(cost)")))

    assert before != after


def test_the_shipped_totals_look_at_every_entity_of_a_patient_with_money_codes_or_periods() -> None:
    path = Path(__file__).parents[2] / "assets" / "control_totals.toml"

    totals = load_control_totals(path, [e.name for e in ENTITIES])

    looked_at = {t.entity for t in totals}
    without = {e.name for e in ENTITIES if not e.is_reference} - looked_at
    assert without == {"portal_identity", "coverage"}
    periods = {
        e.name for e in ENTITIES
        if {"started_at", "ended_at"} <= {f.name for f in e.fields}
        or {"start_date", "end_date"} <= {f.name for f in e.fields}
        or {"onset_date", "abatement_date"} <= {f.name for f in e.fields}
    }  # fmt: skip
    assert periods - {t.entity for t in totals if t.must_be_empty} == {"coverage", "allergy"}
