"""Signing in: what is kept, what is refused, what is locked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from starlette.testclient import TestClient

from migration_platform.command.server import find_invitation
from migration_platform.errors import ConfigurationError
from migration_platform.platform import Platform
from migration_platform.room import account
from migration_platform.room.session import begin_session, find_session
from migration_platform.store import Store
from tests.migration_platform.room.conftest import SignedIn, folder_of, send

NEW = "a fine long sentence"


def enter(client: TestClient, name: str, password: str) -> httpx2.Response:
    return send(client, "/sign-in", "/sign-in", name=name, password=password, next="/drills")


def test_the_first_password_must_be_changed_before_anything_is_read(
    moved: Platform, client: TestClient
) -> None:
    given = account.add_account(moved.store, "ada", "Ada")

    assert enter(client, "ada", given).headers["location"] == "/drills"
    assert client.get("/drills").headers["location"] == "/password"
    weak = send(client, "/password", "/password", old=given, new="short", again="short")
    assert "12 to 256 characters" in weak.text
    changed = send(client, "/password", "/password", old=given, new=NEW, again=NEW)

    assert changed.headers["location"] == "/"
    assert client.get("/drills").status_code == 200


def test_the_password_is_kept_as_an_argon2id_hash_and_the_session_as_a_hash(
    moved: Platform, client: TestClient
) -> None:
    given = account.add_account(moved.store, "ada", "Ada")
    enter(client, "ada", given)
    with moved.store.transaction() as connection:
        [kept] = connection.execute("SELECT password FROM migration.account").fetchall()
        [session] = connection.execute("SELECT key FROM migration.session").fetchall()

    assert kept["password"].startswith("$argon2id$")
    assert client.cookies["session"] not in session["key"]


def test_five_failures_lock_the_name_for_a_while_and_a_reset_ends_that(
    moved: Platform, client: TestClient
) -> None:
    given = account.add_account(moved.store, "ada", "Ada")

    for _ in range(5):
        assert enter(client, "ada", "wrong").status_code == 400
    locked = enter(client, "ada", given)

    assert "Too many attempts" in locked.text
    assert enter(client, "ada", account.reset_account(moved.store, "ada")).status_code == 303


def refuse(store: Store, number: int, name: str, address: str, minutes_ago: int) -> None:
    """Attempts that failed some minutes ago."""
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    with store.transaction() as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO migration.sign_in (name, address, outcome, tried_at) "
            "VALUES (%s, %s, 'refused', %s)",
            [(name, address, at)] * number,
        )


def test_a_lock_is_over_a_quarter_of_an_hour_after_the_failures(moved: Platform) -> None:
    given = account.add_account(moved.store, "ada", "Ada")

    refuse(moved.store, 5, "ada", "203.0.113.9", 14)
    locked = account.sign_in(moved.store, "ada", given, "203.0.113.9")
    other = account.add_account(moved.store, "bob", "Bob")
    refuse(moved.store, 5, "bob", "203.0.113.9", 16)

    assert (locked.outcome, locked.account) == ("locked", None)
    assert account.sign_in(moved.store, "bob", other, "203.0.113.9").outcome == "signed in"


def test_thirty_failures_lock_the_address_under_every_name_and_no_other_address(
    moved: Platform,
) -> None:
    given = account.add_account(moved.store, "ada", "Ada")
    for number in range(29):
        refuse(moved.store, 1, f"guess-{number}", "203.0.113.9", 1)

    last = account.sign_in(moved.store, "guess-29", "wrong", "203.0.113.9")
    locked = account.sign_in(moved.store, "ada", given, "203.0.113.9")
    elsewhere = account.sign_in(moved.store, "ada", given, "203.0.113.10")

    assert [each.outcome for each in (last, locked, elsewhere)] == [
        "refused", "locked", "signed in",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "minutes", "there"),
    [
        ("seen_at", 29, True),
        ("seen_at", 31, False),
        ("begun_at", 599, True),
        ("begun_at", 601, False),
    ],
)
def test_a_session_ends_after_half_an_hour_without_a_page_and_after_ten_hours_in_any_case(
    moved: Platform, signed_in: SignedIn, column: str, minutes: int, there: bool
) -> None:
    ada = signed_in("Ada")
    changed = f"{column} = {column} - %s" + (", ends_at = ends_at - %s" * (column == "begun_at"))
    with moved.store.transaction() as connection:
        ago = timedelta(minutes=minutes)
        connection.execute(f"UPDATE migration.session SET {changed}", [ago] * changed.count("%s"))

    answer = ada.get("/drills")

    assert answer.status_code == (200 if there else 303)
    assert there or answer.headers["location"].startswith("/sign-in")


def test_who_is_disabled_is_out_at_once(moved: Platform, client: TestClient) -> None:
    given = account.add_account(moved.store, "ada", "Ada")
    enter(client, "ada", given)
    assert client.get("/drills").headers["location"] == "/password"

    account.disable_account(moved.store, "ada")

    assert client.get("/drills").headers["location"].startswith("/sign-in")
    assert enter(client, "ada", given).status_code == 400


def test_a_session_that_begins_as_its_account_is_disabled_is_none(moved: Platform) -> None:
    account.add_account(moved.store, "ada", "Ada")
    before = begin_session(moved.store, "Ada", "ada")
    assert find_session(moved.store, before) is not None

    # Somebody's password was right, and the account was disabled before the session had begun.
    account.disable_account(moved.store, "ada")
    late = begin_session(moved.store, "Ada", "ada")

    assert find_session(moved.store, before) is None
    assert find_session(moved.store, late) is None


def test_signing_out_ends_the_session_and_not_only_the_cookie(
    moved: Platform, client: TestClient
) -> None:
    enter(client, "ada", account.add_account(moved.store, "ada", "Ada"))
    held = client.cookies["session"]
    send(client, "/password", "/sign-out")

    client.cookies.set("session", held)
    assert client.get("/").headers["location"].startswith("/sign-in")


def test_a_name_that_there_is_twice_or_that_is_none_is_refused(moved: Platform) -> None:
    account.add_account(moved.store, "ada", "Ada")

    with pytest.raises(ConfigurationError, match="there is an account 'ada' already"):
        account.add_account(moved.store, "ada", "Ada")
    with pytest.raises(ConfigurationError, match="is no name for an account"):
        account.add_account(moved.store, "Ada Lovelace", "Ada")


def test_signing_in_leads_to_pages_of_ours_only(moved: Platform, client: TestClient) -> None:
    given = account.add_account(moved.store, "ada", "Ada")

    for there in ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"):
        answer = send(client, "/sign-in", "/sign-in", name="ada", password=given, next=there)
        assert answer.headers["location"] == "/"
        client.cookies.delete("session")


def test_pages_say_what_they_may_load_and_cookies_are_strict(client: TestClient) -> None:
    answer = client.get("/sign-in")

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; style-src 'self'; script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "SameSite=strict" in answer.headers["set-cookie"]
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "strict-transport-security" not in answer.headers
    assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 421


def test_a_mistake_in_people_toml_is_said_with_its_line_and_not_as_a_defect(
    moved: Platform, signed_in: SignedIn
) -> None:
    ada = signed_in("Ada")
    (folder_of(moved) / "people.toml").write_text("[roles]\ncompliance = 3\n")

    answer = ada.get("/")

    assert answer.status_code == 503
    assert "people.toml, line 1" in answer.text


def test_whoever_starts_the_room_is_told_how_the_first_account_is_made(platform: Platform) -> None:
    before = find_invitation(platform)

    account.add_account(platform.store, "ada", "Ada")

    assert (
        f'migration account add NAME --person "{platform.people.roles["clinical lead"][0]}"'
        in before
    )
    assert find_invitation(platform) == ""
