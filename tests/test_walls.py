"""The walls of the house (DESIGN.md): who may import whom, lazily or not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
OWN = {"migration_platform", "assets", "checks"}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            yield from (a.value for a in node.args if isinstance(a, ast.Constant))


def crossing(folder: str, *forbidden: str, but: tuple[str, ...] = ()) -> list[str]:
    """Imports of something forbidden in the files below a folder."""
    return sorted(
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / folder).rglob("*.py")
        if str(path.relative_to(ROOT)) not in but
        for name in imports(path)
        if any(name == f or name.startswith(f + ".") for f in forbidden)
    )


def test_the_engine_knows_neither_dagster_nor_the_expectation_library_nor_its_users() -> None:
    assert crossing("migration_platform", "dagster", "great_expectations", "assets", "checks") == []


def test_assets_and_checks_meet_only_in_the_composition_roots() -> None:
    roots = ("assets/definitions.py", "assets/start.py")
    assert crossing("assets", "checks", but=roots) == []
    assert crossing("checks", "assets", "dagster") == []


def test_entities_import_polars_and_the_engine_only() -> None:
    found = {
        name.split(".")[0]
        for path in (ROOT / "assets/entities").glob("*.py")
        for name in imports(path)
        if not name.startswith("assets.entities")
    }
    assert found <= {"__future__", "pathlib", "datetime", "polars", "migration_platform"}


def test_suites_import_the_expectation_library_only() -> None:
    found = {
        name.split(".")[0]
        for path in (ROOT / "checks/suites").glob("*.py")
        for name in imports(path)
        if not name.startswith("checks.suites")
    }
    assert found <= {"__future__", "datetime", "great_expectations"}


def reached(folder: str) -> set[str]:
    """Every module of the engine that the files below a folder import, and those import, and so on."""
    waiting = [*(ROOT / folder).rglob("*.py")]
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in imports(path):
            parts = name.split(".") if name.split(".")[0] in OWN else []
            for n in range(1, len(parts) + 1):  # importing a.b.c runs a and a.b too
                file = ROOT.joinpath(*parts[:n])
                waiting += [
                    f for f in (file / "__init__.py", file.with_suffix(".py")) if f.exists()
                ]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in seen
    }


def test_reconciliation_shares_no_code_with_transform_and_load() -> None:
    loaders = ("mapping", "transformation", "destination", "source", "translation", "staging")
    forbidden = tuple(f"migration_platform.{name}" for name in loaders)

    modules = reached("migration_platform/reconciliation")

    assert "migration_platform.entity" in modules
    assert [m for m in modules if m.startswith(tuple(f + "." for f in forbidden))] == []
    assert modules.isdisjoint(forbidden)


def test_what_is_reached_by_a_detour_is_seen() -> None:
    modules = reached("migration_platform/command")

    assert "migration_platform.translation.word" not in reached("migration_platform/reconciliation")
    assert {"migration_platform.mapping", "migration_platform.translation"} <= reached("assets")
    assert "migration_platform.evidence.governance" in modules


def test_words_know_no_input_or_output() -> None:
    words = (
        "entity", "mapping", "cohort", "accounting", "check", "token", "decision/decision",
        "evidence/evidence", "evidence/promotion", "evidence/verdict", "evidence/threshold",
        "evidence/agreement", "evidence/proof", "evidence/blind_spot", "chart/verdict",
        "rollback/rehearsal", "trigger/trigger", "trigger/figure", "trigger/notice",
        "waiver/waiver",
    )  # fmt: skip
    io = ("psycopg", "duckdb", "pyarrow", "adbc_driver_postgresql", "sqlalchemy", "typer", "rich")
    rooms = tuple(f"migration_platform.{name}" for name in (
        "database", "server", "store", "staging", "source", "destination", "platform", "stage",
        "evidence.governance", "command", "settings", "schema", "ledger",
    ))  # fmt: skip
    for word in words:
        names = list(imports(ROOT / f"migration_platform/{word}.py"))
        found = [n for n in names if any(n == f or n.startswith(f + ".") for f in (*io, *rooms))]
        assert found == [], word


def test_faults_are_words_that_know_neither_the_comparison_nor_any_input_or_output() -> None:
    forbidden = ("psycopg", "duckdb", "pyarrow", "polars", "typer", "rich", "pathlib")
    rooms = ("reconciliation", "mapping", "translation", "transformation", "stage", "platform",
             "staging", "store", "database", "settings", "fault_matrix")  # fmt: skip
    own = tuple(f"migration_platform.{name}" for name in rooms)
    assert crossing("migration_platform/fault", *forbidden, *own) == []


def test_a_wall_that_is_crossed_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "lazy.py"
    file.write_text("def f():\n    from dagster import asset\n")

    assert "dagster" in list(imports(file))
