"""Our own tables: at this code's revision, and never touched when newer code has been there."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from migration_platform import schema
from migration_platform.database import connect
from migration_platform.errors import ConfigurationError
from migration_platform.settings import Settings

TARGETS = get_args(schema.Target)


@pytest.mark.parametrize("target", TARGETS)
def test_this_codes_revision_is_the_newest_file(target: schema.Target) -> None:
    newest = max((Path(schema.__file__).parent / target).glob(f"{target}_*.py"))

    assert schema.HEAD[target] == newest.stem


@pytest.mark.parametrize("target", TARGETS)
def test_a_database_that_newer_code_upgraded_is_refused_with_what_to_do(
    fresh_home: Path, target: schema.Target
) -> None:
    settings = Settings.load()
    schema.upgrade(settings, target)
    with connect(settings, target, owner=True) as connection:
        connection.execute(f"UPDATE migration.revision SET version_num = '{target}_9999'")

    with pytest.raises(ConfigurationError, match=f"at revision {target}_9999, and this code knows it "
                       f"up to {schema.HEAD[target]} only: newer code has upgraded it. Go back"):  # fmt: skip
        schema.upgrade(settings, target)

    assert schema.current_revision(settings, target) == f"{target}_9999"
