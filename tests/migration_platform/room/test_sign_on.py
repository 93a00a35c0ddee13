"""The company's own sign-on: who is let in on what it says, and who is not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from migration_platform.decision.people import load_people
from migration_platform.errors import ConfigurationError
from migration_platform.platform import Platform
from migration_platform.room.app import make_app, make_room
from migration_platform.room.route import WAYS
from migration_platform.settings import Settings
from tests.migration_platform.room.conftest import folder_of
from tests.migration_platform.room.oidc_provider import CLIENT, SECRET, Provider, Served


@pytest.fixture
def provider(platform: Platform) -> Iterator[Provider]:
    with Served(Provider(f"{platform.settings.room_url}/sign-on/done")) as served:
        yield served


@pytest.fixture
def browser(platform: Platform, provider: Provider, tmp_path: Path) -> Iterator[TestClient]:
    """Somebody who has not signed in, where the company's sign-on is known and Ada's address too."""
    secret = tmp_path / "oidc.secret"
    secret.write_text(SECRET)
    settings = replace(
        platform.settings,
        oidc_issuer=provider.issuer, oidc_client=CLIENT, oidc_secret_file=secret,
    )  # fmt: skip
    with (folder_of(platform) / "people.toml").open("a") as people:
        people.write('[emails]\nAda = "ada@company.example"\n')
    room = make_room(
        settings, WAYS,
        lambda: Platform(settings, platform.plan, platform.entities, suites=platform.suites),
    )  # fmt: skip
    yield TestClient(make_app(room), base_url=settings.room_url, follow_redirects=False)
    room.shelf.close()
    room.lender.close()


def come_back(browser: TestClient, there: str = "/drills") -> Any:
    """Go to the provider and come back with what it says."""
    sent = browser.get("/sign-on", params={"next": there})
    assert sent.status_code == 303, sent.text
    back = requests.get(sent.headers["location"], allow_redirects=False, timeout=10)
    return browser.get(back.headers["location"])


def test_a_verified_address_signs_its_person_in_and_leads_where_they_were_going(
    browser: TestClient, provider: Provider
) -> None:
    provider.claims = {"email": "Ada@company.example"}

    assert "/sign-on?next=" in browser.get("/sign-in").text
    back = come_back(browser)

    assert back.status_code == 200
    assert 'http-equiv="refresh" content="0;url=/drills"' in back.text
    assert "SameSite=strict" in back.headers["set-cookie"]
    page = browser.get("/drills")
    assert page.status_code == 200
    assert "Ada" in page.text
    assert "Change my password" not in page.text


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"email": "ada@company.example", "email_verified": False}, "has not verified"),
        ({"email": "ada@company.example", "email_verified": "true"}, "has not verified"),
        ({}, "has not verified"),
        ({"email": "mallory@company.example"}, "names nobody with your e-mail address"),
        ({"email": "ada@company.example", "nonce": "another"}, "does not hold"),
        ({"email": "ada@company.example", "aud": "another"}, "does not hold"),
        ({"email": "ada@company.example", "iss": "https://else.example"}, "does not hold"),
        ({"email": "ada@company.example", "exp": int(time.time()) - 900}, "does not hold"),
    ],
)
def test_nobody_is_signed_in_on_what_does_not_hold(
    browser: TestClient, provider: Provider, claims: dict[str, Any], said: str
) -> None:
    provider.claims = claims

    back = come_back(browser)

    assert back.status_code == 409
    assert said in back.text
    assert browser.get("/").headers["location"].startswith("/sign-in")


def test_a_signature_of_another_key_is_none(browser: TestClient, provider: Provider) -> None:
    provider.claims = {"email": "ada@company.example"}
    provider.published = RSAKey.generate_key(2048, {"kid": "1"})

    assert come_back(browser).status_code == 409


def test_what_was_begun_in_one_browser_does_not_end_in_another_nor_twice(
    browser: TestClient, provider: Provider
) -> None:
    provider.claims = {"email": "ada@company.example"}
    sent = browser.get("/sign-on")
    back = requests.get(sent.headers["location"], allow_redirects=False, timeout=10)
    url = back.headers["location"]
    other = TestClient(browser.app, base_url=str(browser.base_url), follow_redirects=False)

    assert "was not begun here" in other.get(url).text
    assert browser.get(url).status_code == 200
    assert browser.get(url).status_code == 409


def test_a_sign_on_that_is_away_is_said_and_passwords_still_work(
    browser: TestClient, provider: Provider
) -> None:
    provider.issuer = "https://else.example"

    answer = browser.get("/sign-on")

    assert answer.status_code == 404
    assert "MIGRATION_OIDC_ISSUER" in answer.text
    assert browser.get("/sign-in").status_code == 200


def test_the_settings_of_a_sign_on_are_all_there_or_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="MIGRATION_OIDC_CLIENT: set"):
        Settings.load({"MIGRATION_OIDC_ISSUER": "https://login.example/realm"})
    with pytest.raises(ConfigurationError, match="must read https"):
        Settings.load({"MIGRATION_OIDC_ISSUER": "http://login.example"})


def test_an_address_belongs_to_one_person_of_a_role(platform: Platform) -> None:
    file = folder_of(platform) / "people.toml"
    roles = file.read_text()

    for emails, said in (
        ('[emails]\nMallory = "m@company.example"\n', "is in no role"),
        ('[emails]\nAda = "ada"\n', "needs one e-mail address"),
        ('[emails]\nAda = "a@b.example"\nBob = "A@b.example"\n', "two people have one address"),
    ):
        file.write_text(roles + emails)
        with pytest.raises(ConfigurationError, match=said):
            load_people(file)
