"""The embedded Postgres: a real server from a wheel, kept in the migration's home.

It is made, started and stopped here, and holds the four databases. Several processes may ask for
it at once, and it comes back after everything was killed. Where it stands is read in `server`, as
whom it runs is decided in `server.account`, connections are made in `database`.

A home is named by its absolute path, as `Settings.home` has it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import random
import re
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from migration_platform.errors import ConfigurationError
from migration_platform.server.account import OWN_SERVER, Account, find_programs
from migration_platform.server.server import (
    LOOPBACK,
    RECOVERY,
    ROLE,
    USER,
    Server,
    accepts,
    end,
    find,
    inside,
    pointer,
    postmaster,
    save,
    says_ready,
)
from migration_platform.settings import DATABASES, keep_secret, make_private

PATIENCE = 60.0
"""Seconds that a killed server's leftover processes get to end before we give up."""

SERVER_SETTINGS = """\
# Written by Migration Platform at every start; put your own settings into postgresql.conf.
listen_addresses = '{loopback}'
port = {port}
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
cluster_name = 'migration'
shared_buffers = 256MB
max_wal_size = 4GB
# A load writes its log faster than 8 MB of it are written out.
wal_buffers = 64MB
checkpoint_timeout = 15min
max_connections = 100
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
# A failed statement and its error can hold a patient's values: neither is logged.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
"""

ACCESS = """\
# The socket knows the operating system's users; loopback asks for the password in secrets/.
local all {role} peer map=owner
local platform {user} peer map=owner
host all {role} {loopback}/32 scram-sha-256
"""


def is_running(home: Path) -> bool:
    """Does the home's server take connections?"""
    server = find(home)
    return server is not None and accepts(server)


def ensure_running(home: Path) -> Server:
    """Make, start and complete the server, whatever of that is left to do."""
    server = find(home)
    if server and server.ready and accepts(server):
        return server
    with _locked(home):
        server = find(home)
        account = Account.choose()
        if server is None or not server.data.exists():
            server = _make(home, account, server)
        if not accepts(server):
            server = _start(server, account)
        return server if server.ready else _complete(server)


def stop(home: Path) -> bool:
    """Stop the server. False: it was not running."""
    if find(home) is None:
        return False
    with _locked(home):
        server = find(home)
        if server is None or (pid := postmaster(server)) is None:
            return False
        end(server, pid)
        return True


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    make_private(home)
    folder = make_private(home / "postgres")
    try:
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: cannot be used ({error.strerror}). Run as the user who owns it, or set "
            "MIGRATION_HOME to a folder of your own."
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # let go by the system if we are killed
        yield
    finally:
        os.close(handle)


def _make(home: Path, account: Account, known: Server | None) -> Server:
    """Run initdb into a draft that becomes the data folder in one step."""
    if known and known.ready:
        raise ConfigurationError(
            f"{known.data}: the databases of {home} are gone. Restore this folder, or remove "
            f"{pointer(home).parent} to start over empty."
        )
    folder = _choose_folder(home, account, fresh=known is None)
    server = save(Server(str(home), str(folder), str(folder), _free_port()))
    draft = folder / "data.draft"
    shutil.rmtree(draft, ignore_errors=True)
    access = ["--auth-local=peer", "--auth-host=reject", f"--username={ROLE}"]
    # The same order of text on every machine: by code point, as Polars sorts.
    text = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
    text += ["--builtin-locale=C.UTF-8"]
    programs = find_programs(account, folder.parent)
    result = account.run([programs / "initdb", f"--pgdata={draft}", *access, *text])
    if result.returncode != 0:
        raise ConfigurationError(
            f"{folder}: the embedded Postgres could not be made: "
            f"{_last_line(result.stderr)}. {OWN_SERVER}"
        )
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude_if_exists = 'migration.conf'\n")
    draft.rename(server.data)
    return server


def _choose_folder(home: Path, account: Account, *, fresh: bool) -> Path:
    """Inside the home if the server's account gets there, else where root keeps such things."""
    wanted = inside(home)
    if account.demoted:
        for folder in (home, wanted.parent):
            folder.chmod(folder.stat().st_mode | 0o011)
    if account.reaches(wanted.parent):
        return account.make_folder(wanted)
    name = f"migration-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}-{os.geteuid()}"
    for place in (Path("/var/lib"), Path("/var/tmp")):  # the latter is swept after some weeks
        if not (os.access(place, os.W_OK) and account.reaches(place)):
            continue
        folder = place / name
        folder.mkdir(mode=0o711, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            continue
        folder.chmod(0o711)
        cluster = folder / "cluster"
        if fresh and cluster.exists():  # of a home that was removed since
            left = Server(str(home), str(cluster), "", 0)
            if (pid := postmaster(left)) is not None:
                end(left, pid)
            shutil.rmtree(cluster)
        return account.make_folder(cluster)
    raise ConfigurationError(
        f"{home}: the embedded Postgres runs as `nobody` when you are root, and finds no folder "
        f"that it may use. Set MIGRATION_HOME to one that everybody may enter. {OWN_SERVER}"
    )


def _start(server: Server, account: Account) -> Server:
    programs = find_programs(account, Path(server.folder).parent)
    deadline = time.monotonic() + PATIENCE
    deaf_since: float | None = None
    while not accepts(server):
        now = time.monotonic()
        if (pid := postmaster(server)) is not None:
            # It is starting (perhaps replaying its log), or its socket was taken away.
            deadline = max(deadline, now + 1)
            deaf = says_ready(server) and not server.socket_file.exists()
            deaf_since = (deaf_since or now) if deaf else None
            if deaf_since and now - deaf_since > 3:
                end(server, pid)
            time.sleep(0.05)
            continue
        server = _prepare(server, account)
        begin = server.log.stat().st_size if server.log.exists() else 0
        options = ["start", "--silent", "--wait", f"--timeout={RECOVERY}"]
        place = [f"--pgdata={server.data}", f"--log={server.log}"]
        result = account.run([programs / "pg_ctl", *options, *place])
        if result.returncode == 0:
            continue
        said = server.log.read_text(errors="replace")[begin:] if server.log.exists() else ""
        # Leftovers of a killed server end by themselves; a port can be lost between look and use.
        passing = re.search(r"pre-existing shared memory|lock file|TCP/IP socket|Address al", said)
        if not passing or time.monotonic() > deadline:
            raise ConfigurationError(
                f"the embedded Postgres did not start: {_last_line(said or result.stderr)}. "
                f"Its log is {server.log}."
            )
        time.sleep(0.1)
    return server


def _prepare(server: Server, account: Account) -> Server:
    """Settle socket and port, and write the server's settings."""
    folder = Path(server.folder)
    if not account.owns(folder):
        raise ConfigurationError(
            f"{folder}: belongs to another user. Run as the user who made it, or set "
            "MIGRATION_HOME to a folder of your own."
        )
    port = server.port if _port_is_free(server.port) else _free_port()
    server = save(replace(server, socket=_choose_socket(server, account), port=port))
    names = sorted({pwd.getpwuid(os.geteuid()).pw_name, "root"})
    owners = "".join(f'owner "{name}" {role}\n' for name in names for role in (ROLE, USER))
    settings = SERVER_SETTINGS.format(loopback=LOOPBACK, port=port, socket=server.socket)
    account.write(server.data / "migration.conf", settings)
    account.write(
        server.data / "pg_hba.conf", ACCESS.format(loopback=LOOPBACK, role=ROLE, user=USER)
    )
    account.write(server.data / "pg_ident.conf", owners)
    return server


def _choose_socket(server: Server, account: Account) -> str:
    """The server's own folder, or a short one: a socket's path has about 100 characters."""
    if len(server.folder) <= 80 and re.fullmatch(r"[\w./-]+", server.folder, re.ASCII):
        return server.folder
    known = Path(server.socket)
    # After /tmp was swept, somebody else may have made a folder of that name.
    if known.parent == Path("/tmp") and known.is_dir() and account.owns(known):
        return server.socket
    made = Path(tempfile.mkdtemp(prefix="migration-", dir="/tmp"))
    account.own(made)
    return str(made)


def _complete(server: Server) -> Server:
    """Create the databases that are missing and set the password. May be interrupted anywhere."""
    import psycopg  # takes a quarter of a second, and is needed once in a home's life

    from migration_platform.schema.grant import make_role

    password = keep_secret(server.password_file, lambda: secrets.token_urlsafe(32))
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        query = "SELECT datname, datconnlimit FROM pg_database"
        found: dict[str, int] = dict(connection.execute(query).fetchall())
        for name in DATABASES:
            if found.get(name) == -2:  # its creation or removal was cut off
                connection.execute(f"DROP DATABASE {name}".encode())
            if found.get(name, -2) == -2:
                connection.execute(f"CREATE DATABASE {name}".encode())
        make_role(connection, USER)
        # Dagster writes an event at a time; the platform's evidence does not rest on them.
        connection.execute("ALTER DATABASE dagster SET synchronous_commit = off")
        connection.pgconn.change_password(ROLE.encode(), password.encode())
    return save(replace(server, ready=True))


def _port_is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    """One below those that the system gives to outgoing connections."""
    for _ in range(1000):
        if _port_is_free(port := random.randrange(20_000, 30_000)):
            return port
    raise ConfigurationError(f"no free port between 20000 and 30000 on {LOOPBACK}. Free one.")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.search("error:|FATAL|PANIC", line)]
    return (telling or lines or ["no message"])[-1].rstrip(".")
