"""Server: where a home's embedded Postgres stands, and whether its process is alive.

Read from what the home and the server itself have written down. Making, starting and stopping it
is the business of `embedded`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import quote

from migration_platform.errors import ConfigurationError

ROLE = "migration"
"""Whose everything is."""

USER = "migration_platform"
"""As whom the platform uses its own store: it owns nothing there (`schema.grant`)."""

LOOPBACK = "127.0.0.1"
RECOVERY = 1800
"""Seconds that a server may take to replay its log after a crash, or to write it all out."""

ENCRYPTED = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
"""The shortest question of Postgres' protocol: may this connection be encrypted? (N)o or (S)ure."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a home's server stands. `ready`: its databases were made, once."""

    home: str
    folder: str
    socket: str
    port: int
    ready: bool = False

    @property
    def data(self) -> Path:
        return Path(self.folder) / "data"

    @property
    def socket_file(self) -> Path:
        return Path(self.socket) / f".s.PGSQL.{self.port}"

    @property
    def log(self) -> Path:
        return Path(self.folder) / "server.log"

    @property
    def password_file(self) -> Path:
        """The password for loopback; the socket needs none."""
        return Path(self.home) / "secrets" / "postgres.password"

    def url(self, database: str, role: str = ROLE) -> str:
        """Over the socket, as the user that we are: there is no password in it."""
        place = f"host={quote(self.socket)}&port={self.port}"
        return f"postgresql://{role}@/{database}?{place}"


def find(home: Path) -> Server | None:
    """What is known about a home's server, running or not. None: it never had one."""
    file = pointer(home)
    try:
        server = Server(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except PermissionError:
        raise ConfigurationError(
            f"{file}: belongs to another user. Run as that user, or set MIGRATION_HOME to a "
            "folder of your own."
        ) from None
    except (ValueError, TypeError):
        raise ConfigurationError(
            f"{file}: is damaged. Restore it, or remove {file.parent} to start over empty."
        ) from None
    if server.home == str(home):
        return server
    # The home was moved or copied. Data inside it went along; data outside may still be another's.
    # Its socket is forgotten: behind the one written down, the original's server may be listening.
    if Path(server.folder) == inside(Path(server.home)):
        return replace(server, home=str(home), folder=str(inside(home)), socket="")
    if not pointer(Path(server.home)).exists():
        return replace(server, home=str(home), socket="")
    raise ConfigurationError(
        f"{home} was copied from {server.home}, but the databases are not in the copy. "
        f"Remove {file.parent} to start over empty."
    )


def save(server: Server) -> Server:
    """Write down where the server stands, in one step. Under the home's lock only."""
    file = pointer(Path(server.home))
    draft = file.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(asdict(server), out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    os.replace(draft, file)
    return server


def pointer(home: Path) -> Path:
    """Where a home writes down where its server stands."""
    return home / "postgres" / "server.json"


def inside(home: Path) -> Path:
    """Where a home's server has its folder, unless it runs as a user who cannot go there."""
    return home / "postgres" / "cluster"


def accepts(server: Server) -> bool:
    """Does it take connections? Asked without a database driver: their import takes longer."""
    if not says_ready(server):
        return False
    with socket.socket(socket.AF_UNIX) as attempt:
        attempt.settimeout(30)
        try:
            attempt.connect(str(server.socket_file))
            attempt.sendall(ENCRYPTED)
            # That it lets us connect is not enough: a process that is being killed does so too.
            return attempt.recv(1) in (b"N", b"S")
        except OSError:
            return False


def _pid_file(server: Server) -> list[str]:
    try:
        return (server.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, PermissionError):
        return []


def says_ready(server: Server) -> bool:
    """Has its process, which may be gone by now, written down that it is ready?"""
    lines = _pid_file(server)
    return len(lines) > 7 and lines[7].strip() == "ready"


def postmaster(server: Server) -> int | None:
    """The server's process. After a reboot, its number in the file may be somebody else's."""
    lines = _pid_file(server)
    pid = int(lines[0]) if lines and lines[0].isdecimal() else 0
    if not pid:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None  # Postgres clears this file away itself
    except PermissionError:
        pass
    if Path("/proc/self/cwd").exists():
        try:
            ours = Path(f"/proc/{pid}/cwd").samefile(server.data)
        except OSError:
            ours = False
    else:
        command = ["ps", "-p", str(pid), "-o", "command="]
        shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        ours = "postgres" in shown and server.folder in shown
    if not ours:
        (server.data / "postmaster.pid").unlink(missing_ok=True)
        return None
    return pid


def end(server: Server, pid: int) -> None:
    """Disconnect everybody, roll their open transactions back, write all out, and stop."""
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + RECOVERY
    while time.monotonic() < deadline:
        # The server removes this file as its last act, when its data is safely written.
        if not (server.data / "postmaster.pid").exists() or postmaster(server) != pid:
            return
        time.sleep(0.02)
    raise ConfigurationError(f"the embedded Postgres does not stop. Its log is {server.log}.")
