"""The registry: what is known of the entities without importing their mappings, and when it is not
to be trusted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from migration_platform.outline import outline_entity
from migration_platform.registry import Announced, load_entities

SHELF = """\
from pathlib import Path
import polars as pl
from migration_platform.entity import Entity, Field, Source, Translation
from words import DESCRIPTION, RULE
TITLE = Translation(RULE, ("TITLE",), pl.col("TITLE"))
ENTITIES = [
    Entity(name, DESCRIPTION, Source(name, ("Id",)), (Field("title", "text", TITLE),), Path(__file__))
    for name in NAMES
]
"""

ASK = """\
import sys
from pathlib import Path
from migration_platform.registry import Announced
announced = Announced(Path(sys.argv[1]))
print(" ".join(o.name for o in announced.outlines.values() if o.name.startswith("shelf")))
print("polars" in sys.modules)
print([announced[name].fields[0].origin.sentence for name in sys.argv[2:]])
"""


class Library:
    """A package of somebody's own that announces entities, and what they take from elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kept = folder, folder / "entities.json"
        (folder / "library").mkdir()
        (folder / "library-1.dist-info").mkdir()
        (folder / "library-1.dist-info/METADATA").write_text("Name: library\nVersion: 1\n")
        (folder / "library-1.dist-info/entry_points.txt").write_text(
            "[migration_platform.entities]\nshelves = library:ENTITIES\n"
        )
        self.declare("shelf_a")
        self.rule("as it is")

    def declare(self, *names: str) -> None:
        text = SHELF.replace("NAMES", repr(names))
        (self.folder / "library/__init__.py").write_text(text)

    def rule(self, words: str) -> None:
        (self.folder / "words.py").write_text(f"DESCRIPTION = 'A shelf.'\nRULE = {words!r}\n")

    def ask(self, *entities: str) -> tuple[str, bool, str]:
        """In a new process: the shelves it knows, whether that took an import, and their rules."""
        path = os.pathsep.join([str(self.folder), str(Path(__file__).parents[2])])
        done = subprocess.run(
            [sys.executable, "-B", "-c", ASK, str(self.kept), *entities],
            env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        names, imported, *rest = [*done.stdout.splitlines(), "", ""]
        return names, imported == "True", rest[0] if done.returncode == 0 else done.stderr


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def test_what_is_known_is_what_the_mappings_declare(tmp_path: Path) -> None:
    kept = tmp_path / "entities.json"
    first, again = Announced(kept), Announced(kept)

    declared = {name: outline_entity(entity) for name, entity in load_entities().items()}

    assert first.outlines == declared
    assert again.outlines == declared
    assert list(again.outlines) == list(declared)
    assert again["patient"] is load_entities()["patient"]


def test_a_second_look_imports_no_mapping(library: Library) -> None:
    assert library.ask() == ("shelf_a", True, "[]")
    assert library.ask() == ("shelf_a", False, "[]")


def test_an_entity_that_was_added_is_known_at_once(library: Library) -> None:
    library.ask()

    library.declare("shelf_a", "shelf_b")

    assert library.ask() == ("shelf_a shelf_b", True, "[]")


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": "x"}'])
def test_what_is_kept_may_be_damaged(library: Library, damage: str) -> None:
    library.ask()

    library.kept.write_text(damage)

    assert library.ask() == ("shelf_a", True, "[]")


def test_what_is_kept_under_the_same_files_but_lacks_a_part_is_made_again(library: Library) -> None:
    library.ask()
    kept = json.loads(library.kept.read_text())
    del kept["entities"][0]["parents"]

    library.kept.write_text(json.dumps(kept))

    assert library.ask() == ("shelf_a", True, "[]")


def test_a_folder_that_cannot_be_written_only_costs_time(library: Library) -> None:
    library.kept = library.folder / "nowhere" / "entities.json"

    assert library.ask() == ("shelf_a", True, "[]")
    assert library.ask() == ("shelf_a", True, "[]")


def test_a_declaration_that_changed_outside_of_its_package_stops_whatever_uses_the_mapping(
    library: Library,
) -> None:
    library.ask()
    library.rule("in capitals")

    names, imported, said = library.ask("shelf_a")

    assert (names, imported) == ("shelf_a", False)
    assert "ConfigurationError: the entities changed while this ran" in said
    assert library.ask("shelf_a") == ("shelf_a", False, "['in capitals']")
