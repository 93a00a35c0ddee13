"""The documents: they say all of what there is, and nothing that there is not.

Fast: no database, no Dagster, no Great Expectations. That the tutorial's commands do what it says
is for a scenario, which finds them with `read_console_commands`.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from migration_platform import translation
from migration_platform.command import make_app
from migration_platform.decision.wave_state import EFFECTS
from migration_platform.evidence.criteria import BOUNDS, MEASURES
from migration_platform.exception.kind import load_kinds
from migration_platform.settings import DATABASES, variable
from migration_platform.store import STAGES
from migration_platform.trigger.notice import EVENTS
from migration_platform.wave import Cohort, Wave

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
YOURS = (
    "assets/waves.toml",
    "assets/criteria.toml",
    "assets/readiness.toml",
    "assets/people.toml",
    "assets/exceptions.toml",
    "assets/ownership.csv",
    "assets/control_totals.toml",
    "assets/entities/",
    "assets/entities/code_maps/",
    "checks/suites/",
)
EXAMPLES = (
    "assets/entities/device.py",
    "checks/suites/device.py",
    "tests/assets/entities/test_device.py",
)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Each fenced block: what stands behind the fence, and what is in it."""
    for found in re.finditer(r"^```(\S[^\n]*)?\n(.*?)^```$", text, re.M | re.S):
        yield (found.group(1) or "").strip(), found.group(2)


def read_console_commands(page: Path) -> list[tuple[str, int]]:
    """The commands of a page's `console` blocks in order, each with the exit code to expect."""
    lines = [
        line.removeprefix("$ ")
        for kind, text in blocks(page.read_text(encoding="utf-8"))
        if kind == "console"
        for line in text.splitlines()
        if line.startswith("$ ")
    ]
    return [(line, 1 if line.endswith("# exit 1") else 0) for line in lines]


def commands() -> dict[str, Any]:
    """The commands of the command line, by name; those of a group behind the group's."""
    found: dict[str, Any] = {}
    group: Any = typer.main.get_command(make_app())
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        found |= {name: command} if inner is None else {f"{name} {n}": c for n, c in inner.items()}
    return found


def options(command: Any) -> set[str]:
    return {o for p in command.params for o in p.opts if o.startswith("--")} - {"--help"}


def section(text: str, heading: str) -> str:
    """What stands below a heading of the second order."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert found, f"no section ## {heading}"
    return found.group(1)


def mentioned_commands(text: str) -> Iterator[list[str]]:
    """The words behind `migration` wherever a page shows a command, in a block or in a sentence."""
    shown = [line for _, block in blocks(text) for line in block.splitlines()]
    shown += re.findall(r"`(migration [^`\n]+)`", text)
    for line in shown:
        for found in re.finditer(r"(?:^\$? ?|\.venv/bin/|[`(])migration( [^`|>;]+)", line):
            words = shlex.split(found.group(1).replace("'", ""), comments=True)
            if words and re.fullmatch(r"[a-z]+(-[a-z]+)*", words[0]):
                yield words


def anchors(page: Path) -> set[str]:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    heads = re.findall(r"^#+ (.*)$", text, re.M)
    kept = [re.sub(r"[^\w\- ]", "", head.lower()) for head in heads]
    return {head.strip().replace(" ", "-") for head in kept}


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_is_described_with_all_its_options(name: str) -> None:
    described = section(read("docs/commands.md"), name)
    command = commands()[name]

    for option in options(command):
        assert f"`{option}" in described, f"migration {name} {option}"
    for each in command.params:
        if each.param_type_name == "argument":
            assert f"`{each.name.upper()}`" in described, f"migration {name} {each.name}"


def test_no_section_describes_a_command_or_an_option_that_there_is_not() -> None:
    text = read("docs/commands.md")

    assert set(re.findall(r"^## ([\w -]+)$", text, re.M)) == set(commands())
    for name, command in commands().items():
        rows = re.findall(r"^\| `(--[\w-]+)", section(text, name), re.M)
        assert set(rows) == options(command), name


@each_page
def test_a_page_shows_only_commands_and_options_that_there_are(page: Path) -> None:
    known = commands()
    for name, *words in mentioned_commands(page.read_text(encoding="utf-8")):
        if words and f"{name} {words[0]}" in known:
            name = f"{name} {words[0]}"
        assert name in known, f"migration {name}"
        used = {word.split("=")[0] for word in words if word.startswith("--")}
        assert used <= {*options(known[name]), "--help"}, f"migration {name} {used}"


def test_a_command_that_there_is_not_would_be_seen() -> None:
    text = "Say `migration fly --high`.\n\n```sh\n.venv/bin/migration run --wings 2\n```\n"

    assert list(mentioned_commands(text)) == [["run", "--wings", "2"], ["fly", "--high"]]


def test_make_targets_are_described_and_those_described_exist() -> None:
    [phony] = re.findall(r"^\.PHONY: (.*)$", read("Makefile"), re.M)
    targets = set(phony.split())
    shown = {
        t
        for page in PAGES
        for t in re.findall(r"^(?:\$ )?make ([a-z-]+)", "\n".join(_code(page)), re.M)
    }

    assert targets - {"help"} <= shown
    assert shown <= targets


def _code(page: Path) -> list[str]:
    """Lines of blocks, and code within sentences."""
    text = page.read_text(encoding="utf-8")
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))
    return [*spans, *(line for _, block in blocks(text) for line in block.splitlines())]


def test_every_setting_is_described_and_every_one_described_is_read() -> None:
    engine = [ROOT / "migration_platform" / f"{name}.py" for name in ("settings", "launcher")]
    engine.append(ROOT / "migration_platform" / "command" / "__init__.py")
    pattern = re.compile(r"MIGRATION_[A-Z]+(?:_[A-Z]+)*")
    known = {name for file in engine for name in pattern.findall(file.read_text(encoding="utf-8"))}
    known |= {variable(name) for name in DATABASES}
    known.discard("MIGRATION_")
    described = set(pattern.findall(read("docs/operate.md")))
    everywhere = {
        name for page in PAGES for name in pattern.findall(page.read_text(encoding="utf-8"))
    }

    assert known <= described
    assert everywhere <= known


def test_every_file_that_an_adapter_edits_is_named() -> None:
    for page in ("README.md", "docs/adapt.md"):
        for path in YOURS:
            assert path in read(page), f"{page} does not name {path}"
            assert (ROOT / path).exists()


@each_page
def test_a_file_that_a_page_names_exists(page: Path) -> None:
    text = "\n".join(_code(page))
    for path in re.findall(
        r"(?<![\w./-])((?:assets|checks|migration_platform|tests|\.ci)/[\w./-]+)", text
    ):
        if path not in EXAMPLES and "*" not in path:
            assert (ROOT / path).exists(), path


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there), target


def test_every_page_can_be_found_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            there = (page.parent / target).resolve()
            waiting.append(there / "README.md" if there.is_dir() else there)

    assert set(PAGES) <= reached


def test_the_mapping_page_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(make_app(), ["mapping"])

    assert printed.exit_code == 0
    assert read("docs/mapping.md").rstrip() == printed.stdout.rstrip(), (
        "the mapping changed: .venv/bin/migration mapping > docs/mapping.md"
    )


def test_the_catalogue_of_faults_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(make_app(), ["faults", "--list"])

    assert printed.exit_code == 0
    assert read("docs/faults.md").rstrip().endswith(printed.stdout.rstrip()), (
        "the catalogue changed: put what .venv/bin/migration faults --list prints at the end"
    )


def test_every_translation_is_described() -> None:
    rows = re.findall(r"^\| `(\w+)\(", section(read("docs/adapt.md"), "Translations"), re.M)

    assert sorted(rows) == sorted(translation.__all__)


def test_every_setting_of_the_waves_file_is_described() -> None:
    described = section(read("docs/adapt.md"), "2. Waves and cohorts")
    names = {f.name for kind in (Wave, Cohort) for f in dataclasses.fields(kind)}

    for name in names - {"name", "cohorts", "wave", "line"}:
        assert f".{name}`" in described, name


def test_every_measure_and_bound_of_the_criteria_is_described() -> None:
    described = section(read("docs/adapt.md"), "Criteria")

    for name in (*MEASURES, *BOUNDS):
        assert f"`{name}`" in described, name


def test_every_decision_about_a_wave_is_described() -> None:
    text = section(read("docs/promote.md"), "A wave's life")

    for action in (a for a in EFFECTS if a != "roll back"):
        assert f"| `{action}` |" in text, action


def test_every_way_past_the_gate_that_is_listed_is_tried_by_a_test() -> None:
    rows = re.findall(r"^\| .+? \| `(tests/[\w/.]+)`: (.+) \|$",
                      section(read("docs/promote.md"), "Every way past the gate"), re.M)  # fmt: skip

    assert len(rows) >= 10
    for file, names in rows:
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"^def {name}\(", read(file), re.M), f"{file} has no {name}"


def test_every_event_of_the_notifier_is_described() -> None:
    text = section(read("docs/operate.md"), "The notifier")

    for event in EVENTS:
        assert f"| `{event}` |" in text, event


def test_every_kind_of_exception_is_described_with_its_hours() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| [^|]* \| (\d+) \|$", read("docs/exceptions.md"), re.M)

    kinds = load_kinds(ROOT / "assets/exceptions.toml")
    assert [(k.name, str(k.hours)) for k in kinds.values()] == rows


def test_every_job_is_described() -> None:
    jobs = re.findall(r"define_asset_job\(\s*\"(\w+)\"", read("assets/jobs.py"))
    rows = re.findall(
        r"^\| `(\w+)` \| ", section(read("docs/run-a-wave.md"), "In the Dagster UI"), re.M
    )

    assert jobs
    assert set(jobs) == set(rows)


def test_the_graph_is_described_with_its_stages() -> None:
    text = read("docs/architecture.md")

    for stage in STAGES:
        assert f"`{stage}/<entity>`" in text


def test_every_decision_is_listed() -> None:
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", read("docs/decisions/README.md"))

    assert listed == sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))


def test_the_tutorial_can_be_run() -> None:
    found = read_console_commands(DOCS / "tutorial.md")

    assert found[0] == ("make demo", 0)
    assert sum(code for _, code in found) == 1
    shell = subprocess.run(
        ["sh", "-n"], input="\n".join(line for line, _ in found), text=True, check=False
    )
    assert shell.returncode == 0
