"""An exception worked on the pages: the same acts, by the same people, as on the command line."""

from __future__ import annotations

import httpx2
import pytest
from starlette.testclient import TestClient

from migration_platform.exception.store import acts_on
from migration_platform.platform import Platform
from migration_platform.token import token
from migration_platform.value_view import read_views
from tests.migration_platform.room.conftest import SignedIn, send


@pytest.fixture
def mark(moved: Platform) -> str:
    """A patient without a name, which the destination asks for: the operations lead's to resolve."""
    return token(moved.settings.token_key(), "patient", "c")


def act(client: TestClient, mark: str, deed: str, **fields: str) -> httpx2.Response:
    return send(client, f"/exceptions/{mark}", f"/exceptions/{mark}/{deed}", **fields)


def test_one_person_proposes_a_correction_and_another_who_has_seen_it_accepts(
    moved: Platform, signed_in: SignedIn, mark: str
) -> None:
    cleo, bob = signed_in("Cleo"), signed_in("Bob")
    said = "as in the identity document"
    proposed = act(cleo, mark, "correct", column="NAME", value="Cy Sanderson", reason=said)
    [entry] = acts_on(moved.store, mark)

    own = act(cleo, mark, "accept", proposal=str(entry.number), reason="it is right")
    seen = act(bob, mark, "values", reason="to judge the correction")
    accepted = act(bob, mark, "accept", proposal=str(entry.number), reason="compared with it")

    assert (proposed.status_code, own.status_code, accepted.status_code) == (303, 409, 303)
    assert "Cy Sanderson" in seen.text
    assert [a.action for a in acts_on(moved.store, mark)] == ["propose", "accept"]
    page = bob.get(f"/exceptions/{mark}").text
    assert "correct" in page
    assert "Sanderson" not in page
    assert [(v.person, v.token) for v in read_views(moved)] == [("Bob", mark)]


def test_what_is_for_the_owner_is_said_to_who_is_not_and_refused(
    moved: Platform, signed_in: SignedIn, mark: str
) -> None:
    cleo = signed_in("Cleo")

    page = cleo.get(f"/exceptions/{mark}").text
    refused = act(cleo, mark, "exclude", reason="not one of ours")

    assert "that is for its owner to decide (operations lead: Bob or Ada)" in page
    assert refused.status_code == 409
    assert acts_on(moved.store, mark) == []


def test_an_assignment_a_comment_an_exclusion_and_its_end_stand_in_the_history(
    moved: Platform, signed_in: SignedIn, mark: str
) -> None:
    bob = signed_in("Bob")

    act(bob, mark, "assign", to="Sam")
    act(bob, mark, "comment", reason="asked the clinic")
    act(bob, mark, "exclude", reason="a test account")
    act(bob, mark, "reopen", reason="it was none")

    actions = [(a.action, a.person) for a in acts_on(moved.store, mark)]
    assert actions == [("assign", "Bob"), ("comment", "Bob"), ("exclude", "Bob"), ("reopen", "Bob")]
    assert "Sam works on it" in bob.get(f"/exceptions/{mark}").text


def test_a_reason_is_asked_for_and_an_empty_correction_is_no_correction(
    moved: Platform, signed_in: SignedIn, mark: str
) -> None:
    bob = signed_in("Bob")

    without = act(bob, mark, "exclude", reason=" ")
    empty = act(bob, mark, "correct", column="NAME", value="  ", reason="known")

    assert (without.status_code, empty.status_code) == (400, 400)
    assert "the right text is empty" in empty.text
    assert acts_on(moved.store, mark) == []


def test_a_record_that_never_waited_has_no_page_there(signed_in: SignedIn) -> None:
    assert signed_in("Bob").get("/exceptions/0123456789abcdef").status_code == 404
