"""Settings: what the environment may say, and what is said when it is wrong."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from migration_platform.errors import ConfigurationError
from migration_platform.settings import Settings, keep_secret

OWN = "postgresql://reader:s3cret@db.example:5433/clinic"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "workspace.yaml").touch()
    return tmp_path


def load(project: Path, **environ: str) -> Settings:
    return Settings.load({"MIGRATION_PROJECT": str(project), **environ})


def test_everything_has_a_default_below_the_project(project: Path) -> None:
    settings = load(project)

    assert settings.home == project / ".migration"
    assert settings.waves_file == project / "assets" / "waves.toml"
    assert settings.staging == project / ".migration" / "staging"
    assert settings.reports == project / ".migration" / "reports"
    assert settings.concurrency == 2
    assert settings.needs_embedded


def test_the_project_is_found_from_a_folder_inside_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "assets" / "entities").mkdir(parents=True)
    monkeypatch.chdir(project / "assets" / "entities")

    assert Settings.load({}).root == project.resolve()


def test_a_project_without_workspace_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no workspace\.yaml"):
        load(tmp_path)


def test_staging_and_documents_follow_the_home_unless_named(project: Path, tmp_path: Path) -> None:
    settings = load(project, MIGRATION_HOME="/srv/m", MIGRATION_REPORTS=str(tmp_path / "r"))

    assert settings.source_documents == Path("/srv/m/source-documents")
    assert settings.reports == tmp_path / "r"


def test_an_empty_variable_counts_as_unset(project: Path) -> None:
    settings = load(project, MIGRATION_SOURCE_URL="", MIGRATION_CONCURRENCY="")

    assert settings.source_url is None
    assert settings.concurrency == 2


def test_each_database_may_be_somebody_s_own(project: Path) -> None:
    settings = load(project, MIGRATION_SOURCE_URL=OWN)

    assert settings.given_url("source") == OWN
    assert settings.given_url("destination") is None


@pytest.mark.parametrize(
    "wrong",
    [
        "mysql://reader:s3cret@db/clinic",
        "postgresql+psycopg2://reader:s3cret@db/clinic",
        "db.example s3cret",
        "postgresql://reader:s3cret@db:port/clinic",
    ],
)
def test_a_wrong_url_is_refused_without_showing_it(project: Path, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="MIGRATION_SOURCE_URL") as caught:
        load(project, MIGRATION_SOURCE_URL=wrong)

    assert "s3cret" not in str(caught.value)


def test_source_and_destination_may_not_be_the_same_database(project: Path) -> None:
    with pytest.raises(ConfigurationError, match="same database"):
        load(
            project,
            MIGRATION_SOURCE_URL="postgresql://reader@db/clinic",
            MIGRATION_DESTINATION_URL="postgresql://writer@db:5432/clinic",
        )


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "1.5"])
def test_concurrency_must_be_a_whole_number(project: Path, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="MIGRATION_CONCURRENCY"):
        load(project, MIGRATION_CONCURRENCY=wrong)


@pytest.mark.parametrize("wrong", ["0", "65536", "http"])
def test_the_reports_port_must_be_a_port(project: Path, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="MIGRATION_ROOM_PORT: must be a whole number"):
        load(project, MIGRATION_ROOM_PORT=wrong)


def test_the_token_key_is_made_once_and_only_its_owner_reads_it(project: Path) -> None:
    first = load(project).token_key()
    again = load(project).token_key()

    assert first == again
    assert len(first) == 64
    file = project / ".migration" / "secrets" / "token.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((project / ".migration").stat().st_mode) == 0o700


def test_a_given_token_key_is_used_and_a_short_one_refused(project: Path) -> None:
    assert load(project, MIGRATION_TOKEN_KEY="k" * 32).token_key() == b"k" * 32

    with pytest.raises(ConfigurationError, match="MIGRATION_TOKEN_KEY"):
        load(project, MIGRATION_TOKEN_KEY="short").token_key()


def test_many_makers_of_a_secret_end_with_the_same_one(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "key"

    with ThreadPoolExecutor(16) as pool:
        kept = set(pool.map(lambda n: keep_secret(file, lambda: f"made by {n}"), range(64)))

    assert len(kept) == 1
    assert [f.name for f in file.parent.iterdir()] == ["key"]
