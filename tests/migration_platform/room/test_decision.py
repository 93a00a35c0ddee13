"""Decisions on the pages go the same way as on the command line, on exactly what was read."""

from __future__ import annotations

import re
import time

from starlette.testclient import TestClient

from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from migration_platform.value_view import read_views
from tests.decisions import get_ready
from tests.migration_platform.room.conftest import SignedIn, send
from tests.migration_platform.stage.small_migration import move, source


def sign(client: TestClient, role: str, digest: str) -> int:
    return send(
        client, "/waves/pilot", "/waves/pilot/sign", role=role, evidence=digest, reason="read it all"
    ).status_code  # fmt: skip


def wait_for(client: TestClient, errand: str) -> str:
    for _ in range(200):
        page = client.get(errand).text
        if "is under way" not in page:
            return page
        time.sleep(0.1)
    raise TimeoutError(errand)


def test_two_people_sign_on_the_pages_and_a_third_promotes(
    moved: Platform, signed_in: SignedIn
) -> None:
    get_ready(moved, "pilot")
    digest = assemble_evidence(moved, "pilot").digest
    assert digest in signed_in("Ada").get("/waves/pilot").text

    assert sign(signed_in("Ada"), "clinical lead", digest) == 303
    assert sign(signed_in("Bob"), "operations lead", digest) == 303
    eve = signed_in("Eve")
    begun = send(
        eve, "/waves/pilot", "/waves/pilot/promote", evidence=digest, reason="signed by both"
    )

    assert "is done" in wait_for(eve, begun.headers["location"])
    promotion = moved.store.promotion("pilot")
    assert promotion is not None
    assert (promotion.person, promotion.reason) == ("Eve", "signed by both")
    page = eve.get("/waves/pilot").text
    assert "Wave pilot is promoted, by Eve" in page
    assert "not signed" not in page  # who signed what it was promoted on stays in sight
    assert "<dt>Signed</dt><dd>2 of 2</dd>" in eve.get("/").text


def test_a_sign_off_on_evidence_that_changed_since_is_refused_with_what_changed(
    moved: Platform, signed_in: SignedIn
) -> None:
    get_ready(moved, "pilot")
    read = assemble_evidence(moved, "pilot").digest
    ada = signed_in("Ada")
    ada.get("/waves/pilot")
    source(moved.settings, """UPDATE visits SET "NOTE" = 'new' WHERE "Id" = 'v3'""")
    move(moved)

    answer = send(
        ada, "/waves/pilot", "/waves/pilot/sign", role="clinical lead", evidence=read, reason="read"
    )  # fmt: skip

    assert answer.status_code == 409
    assert "the evidence changed since you read it" in answer.text
    assert [d for d in moved.store.decisions() if d.action == "sign"] == []


def test_a_hold_without_a_reason_records_nothing(moved: Platform, signed_in: SignedIn) -> None:
    answer = send(signed_in("Dana"), "/waves/pilot", "/waves/pilot/hold", reason=" ")

    assert answer.status_code == 400
    assert "a decision needs a reason" in answer.text
    assert [d for d in moved.store.decisions() if d.action == "hold"] == []


def test_a_form_that_another_site_sends_is_refused(moved: Platform, signed_in: SignedIn) -> None:
    client = signed_in("Dana")
    found = re.search(r'name="signature" value="(\w+)"', client.get("/waves/pilot").text)
    assert found

    answer = client.post(
        "/waves/pilot/hold",
        data={"signature": found[1], "reason": "stop it"},
        headers={"Origin": "https://elsewhere.example"},
    )

    assert answer.status_code == 403
    assert [d for d in moved.store.decisions() if d.action == "hold"] == []


def test_values_are_shown_after_a_reason_that_is_recorded_and_never_before(
    moved: Platform, signed_in: SignedIn
) -> None:
    from migration_platform.token import token

    mark = token(moved.settings.token_key(), "patient", "a")
    ada = signed_in("Ada")
    asked = ada.get(f"/records/patient/{mark}")
    without = send(ada, "/", f"/records/patient/{mark}", reason="so")
    shown = send(ada, "/", f"/records/patient/{mark}", reason="a complaint of yesterday")

    assert "Ann" not in asked.text
    assert without.status_code == 400
    assert "Ann" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    [view] = read_views(moved)
    assert (view.person, view.what, view.token) == ("Ada", "patient", mark)
    assert view.reason == "a complaint of yesterday"


def test_no_page_without_that_right_has_a_patients_value(
    moved: Platform, signed_in: SignedIn
) -> None:
    source(moved.settings, """UPDATE people SET "NAME" = 'CANARY' WHERE "Id" = 'a'""")
    source(moved.settings, """UPDATE visits SET "NOTE" = 'CANARY' WHERE "Id" = 'v3'""")
    move(moved)
    client = signed_in("Dana")
    pages = [
        "/", "/waves/pilot", "/waves/pilot/evidence.json", "/cohorts/one", "/cohorts/one/visit",
        "/cohorts/one/differences", "/cohorts/one/expectations", "/exceptions", "/exceptions.csv",
        "/decisions", "/drills", "/nights", "/mapping", "/views", "/cohorts/one/charts",
    ]  # fmt: skip

    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert "CANARY" not in answer.text, page
