"""Settings: where this migration's files stand and which servers it uses.

Everything that a person may set from outside is an environment variable read here, once. What is
inside the files (waves, owners) is read elsewhere, and no connection is made here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from migration_platform.errors import ConfigurationError

Database = Literal["source", "destination", "platform", "dagster"]
"""The four databases. Each is embedded unless its `MIGRATION_…_URL` names somebody's own."""

DATABASES: tuple[Database, ...] = ("source", "destination", "platform", "dagster")

SHORTEST_TOKEN_KEY = 32
"""Characters. A shorter key lets whoever sees a record token guess the record behind it."""


@dataclass(frozen=True)
class Settings:
    """One migration's settings. A URL that is None means: the embedded Postgres."""

    root: Path
    home: Path
    waves_file: Path
    ownership_file: Path
    control_totals_file: Path
    source_url: str | None
    destination_url: str | None
    platform_url: str | None
    dagster_url: str | None
    concurrency: int
    staging: Path
    source_documents: Path
    destination_documents: Path
    reports: Path
    room_port: int
    room_url: str
    """Under which people reach the room: behind a proxy with TLS another one than the port's."""
    dagster_pages: str
    """Where Dagster's pages are, for links to them."""
    secrets: Path
    oidc_issuer: str = ""
    """The company's own sign-on (OpenID Connect); empty: people sign in with a password of ours."""
    oidc_client: str = ""
    oidc_secret_file: Path | None = None
    given_token_key: str | None = None
    platform_owner_url: str | None = None
    """MIGRATION_PLATFORM_OWNER_URL, for set-up and upgrades: the platform store, as the role to whom
    its tables belong."""
    allow_withdrawal: frozenset[str] = frozenset()
    """Entities of which a load may withdraw most records: said on purpose, for one run."""
    full_comparison_nights: int = 7
    """Nights after which a cohort is compared in full, however unchanged it is."""
    notify: Path | None = None
    """The team's notifier: a program that is told of what asks for somebody."""
    trigger_minutes: int = 15
    """Minutes between two looks at the rollback triggers."""

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the environment. Raises ConfigurationError that names the variable to change."""

        def place(name: str, default: Path) -> Path:
            given = environ.get(name)
            return Path(given).expanduser().resolve() if given else default

        root = _find_root(environ)
        home = place("MIGRATION_HOME", root / ".migration")
        settings = cls(
            root=root,
            home=home,
            waves_file=place("MIGRATION_WAVES", root / "assets" / "waves.toml"),
            ownership_file=place("MIGRATION_OWNERSHIP", root / "assets" / "ownership.csv"),
            control_totals_file=place(
                "MIGRATION_CONTROL_TOTALS", root / "assets" / "control_totals.toml"
            ),
            source_url=_url(environ, "source"),
            destination_url=_url(environ, "destination"),
            platform_url=_url(environ, "platform"),
            dagster_url=_url(environ, "dagster"),
            concurrency=_count(environ, "MIGRATION_CONCURRENCY", 2),
            staging=place("MIGRATION_STAGING", home / "staging"),
            source_documents=place("MIGRATION_SOURCE_DOCUMENTS", home / "source-documents"),
            destination_documents=place(
                "MIGRATION_DESTINATION_DOCUMENTS", home / "destination-documents"
            ),
            reports=place("MIGRATION_REPORTS", home / "reports"),
            room_port=(port := _count(environ, "MIGRATION_ROOM_PORT", 3010, most=65535)),
            room_url=_address(environ, "MIGRATION_ROOM_URL", f"http://127.0.0.1:{port}"),
            dagster_pages=_address(environ, "MIGRATION_DAGSTER_PAGES", "http://127.0.0.1:3000"),
            secrets=home / "secrets",
            oidc_issuer=(issuer := _issuer(environ)),
            oidc_client=_with_issuer(environ, "MIGRATION_OIDC_CLIENT", issuer),
            oidc_secret_file=place("MIGRATION_OIDC_SECRET_FILE", root)
            if _with_issuer(environ, "MIGRATION_OIDC_SECRET_FILE", issuer)
            else None,
            platform_owner_url=_url(environ, "platform_owner"),
            given_token_key=environ.get("MIGRATION_TOKEN_KEY") or None,
            allow_withdrawal=frozenset(
                environ.get("MIGRATION_ALLOW_WITHDRAWAL", "").replace(",", " ").split()
            ),
            full_comparison_nights=_count(environ, "MIGRATION_FULL_COMPARISON_NIGHTS", 7),
            notify=place("MIGRATION_NOTIFY", root) if environ.get("MIGRATION_NOTIFY") else None,
            trigger_minutes=_count(environ, "MIGRATION_TRIGGER_MINUTES", 15, most=60),
        )
        settings._require_different_databases()
        return settings

    def given_url(self, name: Database) -> str | None:
        """The URL that the environment gives for a database, or None for the embedded one."""
        urls = {
            "source": self.source_url,
            "destination": self.destination_url,
            "platform": self.platform_url,
            "dagster": self.dagster_url,
        }
        return urls[name]

    @property
    def room_hosts(self) -> tuple[str, str]:
        """The names under which the room answers on this machine."""
        return f"127.0.0.1:{self.room_port}", f"localhost:{self.room_port}"

    @property
    def needs_embedded(self) -> bool:
        """At least one of the four databases is the embedded one."""
        return any(self.given_url(name) is None for name in DATABASES)

    def token_key(self) -> bytes:
        """The key behind record tokens: given, or made once and kept in `secrets`."""
        if self.given_token_key is None:
            return keep_secret(self.secrets / "token.key", lambda: secrets.token_hex(32)).encode()
        if len(self.given_token_key) < SHORTEST_TOKEN_KEY:
            raise ConfigurationError(
                f"MIGRATION_TOKEN_KEY has fewer than {SHORTEST_TOKEN_KEY} characters. Make one "
                "with `openssl rand -hex 32`, or unset it to have one made and kept."
            )
        return self.given_token_key.encode()

    def _require_different_databases(self) -> None:
        seen: dict[tuple[str | None, int, str], str] = {}
        for name in DATABASES:
            if url := self.given_url(name):
                parts = urlsplit(url)
                key = (parts.hostname, parts.port or 5432, f"{parts.path}?{parts.query}")
                if key in seen:
                    raise ConfigurationError(
                        f"{variable(name)} and {variable(seen[key])} name the same database. "
                        "Give each a database of its own."
                    )
                seen[key] = name


def variable(name: str) -> str:
    """The environment variable that names a database's server."""
    return f"MIGRATION_{name.upper()}_URL"


def make_private(folder: Path) -> Path:
    """Create a folder (and what is missing above it) that only its owner may open."""
    try:
        for each in (*reversed(folder.parents), folder):
            if not each.exists():
                each.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: cannot make this folder ({error.strerror}). "
            "Set MIGRATION_HOME to a folder that you may write."
        ) from None
    return folder


def keep_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret kept in a file, made on first use. Of several makers at once, one wins for all."""
    if not path.exists():
        make_private(path.parent)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike a rename, fails if another process was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot read this secret ({error.strerror}). Run as the user who owns it, "
            "or set MIGRATION_HOME to a folder of your own."
        ) from None


def _find_root(environ: Mapping[str, str]) -> Path:
    """The project: where `workspace.yaml` stands."""
    if given := environ.get("MIGRATION_PROJECT"):
        root = Path(given).expanduser().resolve()
        if not (root / "workspace.yaml").is_file():
            raise ConfigurationError(
                f"MIGRATION_PROJECT: {root} has no workspace.yaml. Name the project's folder."
            )
        return root
    here = Path.cwd().resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[1]):
        if (folder / "workspace.yaml").is_file():
            return folder
    raise ConfigurationError(
        f"no workspace.yaml in {here} or above it. Change to the project's folder, "
        "or set MIGRATION_PROJECT to it."
    )


def _url(environ: Mapping[str, str], name: str) -> str | None:
    given = environ.get(variable(name))
    if not given:
        return None
    scheme, separator, rest = given.partition("://")
    # Never print what was given: it may hold a password.
    if scheme not in ("postgresql", "postgres") or not separator:
        raise ConfigurationError(
            f"{variable(name)}: must read postgresql://user:password@host:port/database "
            "(no driver name), or be unset to use the embedded Postgres."
        )
    try:
        _ = urlsplit(given).port  # raises on a port that is none
    except ValueError:
        raise ConfigurationError(
            f"{variable(name)}: the port is not a number, or a character of the password that "
            "needs escaping (such as @ / : # %) stands bare. Percent-encode it."
        ) from None
    return f"postgresql://{rest}"


def _address(environ: Mapping[str, str], name: str, default: str) -> str:
    given = (environ.get(name) or default).rstrip("/")
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
        raise ConfigurationError(
            f"{name}: must read https://host or http://host:port, without a path, is {given!r}."
        )
    return given


def _issuer(environ: Mapping[str, str]) -> str:
    given = environ.get("MIGRATION_OIDC_ISSUER", "").rstrip("/")
    parts = urlsplit(given)
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    if given and not (parts.netloc and (parts.scheme == "https" or local)):
        raise ConfigurationError(
            f"MIGRATION_OIDC_ISSUER: must read https://… as the sign-on names itself, is {given!r}."
        )
    return given


def _with_issuer(environ: Mapping[str, str], name: str, issuer: str) -> str:
    """A variable that is needed if the sign-on is named, and makes no sense without."""
    given = environ.get(name, "")
    if bool(given) != bool(issuer):
        raise ConfigurationError(
            f"{name}: set MIGRATION_OIDC_ISSUER, MIGRATION_OIDC_CLIENT and MIGRATION_OIDC_SECRET_FILE "
            "together, or none of them."
        )
    return given


def _count(environ: Mapping[str, str], name: str, default: int, most: int | None = None) -> int:
    given = environ.get(name) or str(default)
    if not given.isdecimal() or int(given) < 1 or (most is not None and int(given) > most):
        limit = "up" if most is None else f"to {most}"
        raise ConfigurationError(f"{name}: must be a whole number from 1 {limit}, is {given!r}.")
    return int(given)
