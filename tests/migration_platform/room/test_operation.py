"""What is done between decisions: figures from operation, a run that the gate refuses."""

from __future__ import annotations

from migration_platform.platform import Platform
from migration_platform.trigger.metric_log import newest_measurements
from tests.migration_platform.room.conftest import SignedIn, folder_of, send

CRITERIA = """
[[wave]]
name = "pilot"
sign_offs = ["clinical lead", "operations lead"]
[[wave.metric]]
name = "failed logins"
baseline = "12/300"
[[wave]]
name = "rest"
sign_offs = ["clinical lead", "operations lead"]
"""


def test_a_figure_is_recorded_with_what_it_was_counted_out_of(
    moved: Platform, signed_in: SignedIn
) -> None:
    (folder_of(moved) / "criteria.toml").write_text(CRITERIA)
    cleo = signed_in("Cleo")

    one = send(
        cleo, "/waves/pilot", "/waves/pilot/figure", metric="one: failed logins", figure="9/200"
    )
    wrong = send(
        cleo, "/waves/pilot", "/waves/pilot/figure", metric="one: failed logins", figure="nine"
    )

    assert one.status_code == 303, one.text
    assert wrong.status_code == 400
    found = newest_measurements(moved.store, ["one"])
    assert found["one", "failed logins"].figure.text == "9/200"
    assert "9 of 200" in cleo.get("/waves/pilot").text


def test_figures_of_a_csv_text_are_recorded_all_or_none(
    moved: Platform, signed_in: SignedIn
) -> None:
    (folder_of(moved) / "criteria.toml").write_text(CRITERIA)
    cleo = signed_in("Cleo")
    text = "metric,cohort,measured_at,value\nfailed logins,one,2020-01-01T00:00:00Z,3\n"

    wrong = send(
        cleo, "/waves/pilot", "/waves/pilot/figures", csv=text + "no such,one,2020-01-01T00:00Z,3"
    )  # fmt: skip

    assert wrong.status_code == 400
    assert "line 3: cohort one has no metric" in wrong.text
    with moved.store.transaction() as connection:
        assert connection.execute("SELECT FROM migration.metric").fetchall() == []


def test_a_run_of_a_wave_whose_gate_is_closed_is_refused_at_once(signed_in: SignedIn) -> None:
    refused = send(signed_in("Cleo"), "/waves/rest", "/waves/rest/run")

    assert refused.status_code == 409
    assert "wave pilot is not promoted" in refused.text


def test_where_nobody_has_searched_for_duplicates_the_page_says_so_and_lets_those_who_may(
    signed_in: SignedIn,
) -> None:
    cleo, dana = signed_in("Cleo").get("/duplicates"), signed_in("Dana").get("/duplicates")

    assert "Nobody has searched for patients who are registered twice." in cleo.text
    assert 'action="/duplicates"' in cleo.text
    assert 'action="/duplicates"' not in dana.text
    assert "Dana may not search for duplicates" in dana.text
