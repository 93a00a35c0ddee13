"""An empty source database for each test, on the session's server."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from migration_platform.database import connect, url
from migration_platform.settings import Settings


@pytest.fixture
def home_settings(settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """Settings whose source, with its documents, is this test's own."""
    name = f"source_{uuid4().hex}"
    address = urlsplit(url(settings, "source"))._replace(path=f"/{name}").geturl()
    with connect(settings, "dagster", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        yield dataclasses.replace(
            settings, source_url=address, source_documents=tmp_path / "documents"
        )
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
