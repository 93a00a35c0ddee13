"""Every route for every role: allowed or refused. The table here is written by hand."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from migration_platform.decision.right import RIGHTS, explain_lack
from migration_platform.platform import Platform
from migration_platform.room.route import WAYS
from tests.migration_platform.room.conftest import SIGNATURE, SignedIn

PEOPLE = {
    "Eve": "executive sponsor",
    "Fay": "clinical lead",
    "Gus": "operations lead",
    "Cleo": "technical lead",
    "Dana": "compliance",
}
ALL = frozenset(PEOPLE)
DECIDERS = ALL - {"Dana"}
ALLOWED = {
    ("POST", "/sign-out"): ALL,
    ("GET", "/password"): ALL,
    ("POST", "/password"): ALL,
    ("POST", "/waves/{wave}/open"): DECIDERS,
    ("POST", "/waves/{wave}/hold"): ALL,
    ("POST", "/waves/{wave}/resume"): DECIDERS,
    ("POST", "/waves/{wave}/amend"): DECIDERS,
    ("POST", "/waves/{wave}/complete"): DECIDERS,
    ("POST", "/waves/{wave}/ready"): ALL,
    ("POST", "/waves/{wave}/sign"): ALL,
    ("POST", "/waves/{wave}/promote"): DECIDERS,
    ("GET", "/waves/{wave}/roll-back"): DECIDERS,
    ("POST", "/waves/{wave}/roll-back"): DECIDERS,
    ("GET", "/charts/{token}"): {"Fay", "Gus", "Cleo"},
    ("POST", "/charts/{token}"): {"Fay", "Gus", "Cleo"},
    ("POST", "/charts/{token}/judge"): {"Fay"},
    ("POST", "/cohorts/{cohort}/charts"): {"Fay"},
    ("GET", "/records/{entity}/{token}"): {"Fay", "Gus", "Cleo"},
    ("POST", "/records/{entity}/{token}"): {"Fay", "Gus", "Cleo"},
    ("POST", "/waves/{wave}/run"): {"Gus", "Cleo"},
    ("POST", "/cohorts/{cohort}/run"): {"Gus", "Cleo"},
    ("POST", "/waves/{wave}/drill"): {"Gus", "Cleo"},
    ("POST", "/cohorts/{cohort}/drill"): {"Gus", "Cleo"},
    ("POST", "/duplicates"): {"Gus", "Cleo"},
    ("POST", "/duplicates/pairs"): ALL,
    ("POST", "/waves/{wave}/figure"): {"Gus", "Cleo"},
    ("POST", "/waves/{wave}/figures"): {"Gus", "Cleo"},
    ("POST", "/exceptions/{token}/values"): {"Fay", "Gus", "Cleo"},
    **{
        ("POST", f"/exceptions/{{token}}/{deed}"): ALL
        for deed in (
            "assign",
            "comment",
            "code",
            "correct",
            "merge",
            "accept",
            "reject",
            "exclude",
            "keep-apart",
            "settle",
            "reopen",
        )
    },
    ("POST", "/exceptions/{token}/waive"): DECIDERS,
    ("GET", "/views"): {"Cleo", "Dana"},
    ("GET", "/views/{table}.csv"): {"Cleo", "Dana"},
}
"""Of what is not for everybody who is named, and of every form."""

OPEN = {
    ("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/sign-on"), ("GET", "/sign-on/done"), ("POST", "/zone"), ("GET", "/style.css"),
    ("GET", "/room.js"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def one_role_each(platform: Platform) -> None:
    (platform.plan.file.parent / "people.toml").write_text(
        "[roles]\n" + "".join(f'"{role}" = ["{name}"]\n' for name, role in PEOPLE.items())
    )


def fill(path: str) -> str:
    for name, value in (
        ("wave", "pilot"), ("cohort", "one"), ("entity", "visit"), ("token", "0123456789abcdef"),
        ("table", "none"), ("errand", "none"),
    ):  # fmt: skip
        path = path.replace(f"{{{name}}}", value)
    return path


def test_each_route_answers_each_role_as_the_table_says(
    moved: Platform, signed_in: SignedIn
) -> None:
    for person in PEOPLE:
        client = signed_in(person)
        found = SIGNATURE.search(client.get("/").text)
        assert found
        for way in WAYS:
            key = (way.method, way.path)
            # These begin something that goes on by itself: who may is seen without doing it.
            begun = key[0] == "POST" and key[1].endswith(("/run", "/drill", "/duplicates"))
            if begun and person in ALLOWED[key]:
                assert way.right
                assert not explain_lack(moved.people, person, way.right)
                continue
            if key in OPEN or key == ("POST", "/sign-out"):
                continue
            data = {"signature": found[1]} if way.method == "POST" else None
            answer = client.request(way.method, fill(way.path), data=data)

            allowed = person in ALLOWED.get(key, ALL)
            assert (answer.status_code != 403) == allowed, (person, key, answer.status_code)
            assert answer.status_code < 500, (person, key)
            if not allowed:
                assert f"{person} may not" in answer.text


def test_whoever_has_not_signed_in_is_sent_to_do_so(client: TestClient) -> None:
    signature = SIGNATURE.search(client.get("/sign-in").text)
    assert signature
    for way in WAYS:
        if (way.method, way.path) in OPEN:
            continue
        data = {"signature": signature[1]} if way.method == "POST" else None
        answer = client.request(way.method, fill(way.path), data=data)

        assert answer.status_code == 303, way
        assert answer.headers["location"].startswith("/sign-in"), way


def test_a_form_without_its_signature_is_refused_on_every_route(signed_in: SignedIn) -> None:
    client = signed_in("Fay")

    for way in WAYS:
        if way.method == "POST":
            assert client.post(fill(way.path), data={"reason": "so it is"}).status_code == 403, way


def test_every_route_that_is_not_for_all_stands_in_the_table() -> None:
    narrow = {
        (w.method, w.path) for w in WAYS if w.right and set(RIGHTS[w.right]) < set(RIGHTS["read"])
    }

    assert narrow <= set(ALLOWED)


def test_somebody_whom_people_toml_no_longer_names_sees_nothing(signed_in: SignedIn) -> None:
    client = signed_in("Mallory")

    assert client.get("/").headers["location"].startswith("/sign-in")
