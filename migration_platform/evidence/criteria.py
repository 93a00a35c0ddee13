"""Criteria: what a wave must fulfil to go on, and what sends it back, decided beforehand.

As `criteria.toml` declares them, beside `waves.toml`; reading and validation only. Whether they are
fulfilled is judged in `threshold`, whether they are still those that were sealed in `seal`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from migration_platform.decision.people import ROLES
from migration_platform.toml_file import TomlFile
from migration_platform.trigger.figure import read_figure
from migration_platform.wave import Wave

MEASURES = {
    "differing records": "of the records sent",
    "failed expectations": "of the expectations run",
    "open exceptions": "of the records extracted",
    "overdue exceptions": "of the records extracted",
    "hours of the oldest exception": "",
}
"""What can be bounded in every wave, and what a percentage of it is of (empty: of nothing). A metric
is a measure too: its percentage is of its baseline."""

BY_KIND = ("open exceptions", "overdue exceptions", "hours of the oldest exception")
"""Measures that may be of one kind of exceptions only."""

Bound = Literal["at_most", "at_least", "at_most_percent", "at_least_percent"]
BOUNDS: tuple[Bound, ...] = ("at_most", "at_least", "at_most_percent", "at_least_percent")

FEWEST_SIGN_OFFS = 2


@dataclass(frozen=True, slots=True)
class Threshold:
    """A bound on a measure, or on its part of one `kind` of exceptions. The value is an exact
    decimal, as text."""

    measure: str
    bound: Bound
    value: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure from the operation of a cohort, recorded by `migration metric`, and what it was
    before the wave opened, by cohort. One older than `freshness_hours` (None: those of the wave) says nothing any
    more."""

    name: str
    baseline: Mapping[str, str]
    freshness_hours: float | None = None


@dataclass(frozen=True, slots=True)
class Criteria:
    """Of one wave: roles that must sign, thresholds that must hold, thresholds that send it back."""

    wave: str
    sign_offs: tuple[str, ...]
    go: tuple[Threshold, ...]
    triggers: tuple[Threshold, ...]
    metrics: tuple[Metric, ...]


def load_criteria(
    path: Path, waves: Sequence[Wave], kinds: Collection[str] = ()
) -> dict[str, Criteria]:
    """Read `criteria.toml`, by wave; a file that is not there decides nothing. `kinds` are those of
    the exceptions.

    Raises ConfigurationError with file and line for what is not right.
    """
    if not path.exists():
        return {}
    reader = _Reader(path, "", parse_float=Decimal)
    reader.kinds = kinds
    return reader.criteria({w.name: w for w in waves})


class _Reader(TomlFile):
    """Validates the parsed file and finds the line to name."""

    kinds: Collection[str] = ()

    def criteria(self, waves: Mapping[str, Wave]) -> dict[str, Criteria]:
        self.known(self.raw, {"wave"}, 0, "this file")
        found: dict[str, Criteria] = {}
        for raw, at in zip(self.raw.get("wave", []), self.tables("[[wave]]"), strict=True):
            name = raw.get("name")
            if name not in waves:
                raise self.fail(
                    self.line("name", after=at), f"no wave is named '{name}'. waves.toml has: "
                    + ", ".join(waves),
                )  # fmt: skip
            if name in found:
                raise self.fail(at, f"wave '{name}' has criteria already")
            found[name] = self.wave(raw, at, waves[name])
        return found

    def wave(self, raw: dict[str, Any], at: int, wave: Wave) -> Criteria:
        self.known(raw, {"name", "sign_offs", "go", "trigger", "metric"}, at, f"wave '{wave.name}'")
        roles = raw.get("sign_offs")
        line = self.line("sign_offs", after=at) if "sign_offs" in raw else at
        if not isinstance(roles, list) or len(set(map(str, roles))) < FEWEST_SIGN_OFFS:
            raise self.fail(
                line,
                f"wave '{wave.name}' needs sign_offs = [...]: two different roles at the least",
            )
        for role in roles:
            if role not in ROLES:
                raise self.fail(line, f"no role is named '{role}'. There are: {', '.join(ROLES)}")
        metrics = tuple(self.metric(m, line, wave) for m, line in self.each(raw, "metric", at))
        names = [m.name for m in metrics]
        for (_, line), name in zip(self.each(raw, "metric", at), names, strict=True):
            if names.count(name) > 1 or name in MEASURES:
                raise self.fail(line, f"wave '{wave.name}': '{name}' is measured already")
        known = [*MEASURES, *names]
        return Criteria(
            wave.name,
            tuple(roles),
            go=tuple(self.threshold(t, line, known) for t, line in self.each(raw, "go", at)),
            triggers=tuple(
                self.threshold(t, line, known) for t, line in self.each(raw, "trigger", at)
            ),
            metrics=metrics,
        )

    def each(self, raw: dict[str, Any], kind: str, at: int) -> list[tuple[dict[str, Any], int]]:
        """The tables of a kind within a wave, each with its line."""
        tables = raw.get(kind, [])
        return list(zip(tables, self.tables(f"[[wave.{kind}]]", after=at), strict=False))

    def metric(self, raw: dict[str, Any], at: int, wave: Wave) -> Metric:
        self.known(raw, {"name", "baseline", "freshness_hours"}, at, "a [[wave.metric]]")
        name = raw.get("name")
        if not isinstance(name, str) or not name.strip():
            raise self.fail(at, "a [[wave.metric]] needs a name")
        cohorts = [c.name for c in wave.cohorts if not c.orphans]
        given = raw.get("baseline")
        line = self.line("baseline", after=at) if "baseline" in raw else at
        by_cohort = given if isinstance(given, dict) else dict.fromkeys(cohorts, given)
        if set(by_cohort) != set(cohorts):
            raise self.fail(
                line, f"metric '{name}' needs a baseline for each cohort: {', '.join(cohorts)}"
            )
        hours = raw.get("freshness_hours")
        if hours is not None and (
            isinstance(hours, bool) or not isinstance(hours, int | Decimal) or hours <= 0
        ):
            raise self.fail(
                self.line("freshness_hours", after=at), "freshness_hours must be a number above 0"
            )
        baselines = {c: self.baseline(by_cohort[c], line) for c in cohorts}
        return Metric(name, baselines, None if hours is None else float(hours))

    def baseline(self, value: Any, line: int) -> str:
        """A number, or a count out of a whole, as text."""
        try:
            figure = read_figure(
                value if isinstance(value, str) else self.number(value, line, "baseline")
            )
        except ValueError as error:
            raise self.fail(line, f"baseline: {error}") from None
        if figure.value is None:
            raise self.fail(line, "baseline: something out of nothing is no baseline")
        return figure.text

    def threshold(self, raw: dict[str, Any], at: int, measures: Sequence[str]) -> Threshold:
        self.known(raw, {"measure", "kind", *BOUNDS}, at, "a threshold")
        if raw.get("measure") not in measures:
            raise self.fail(
                self.line("measure", after=at) if "measure" in raw else at,
                f"no measure is named '{raw.get('measure')}'. There are: {', '.join(measures)}",
            )
        given = [b for b in BOUNDS if b in raw]
        if len(given) != 1:
            raise self.fail(at, f"a threshold has one bound of: {', '.join(BOUNDS)}")
        line = self.line(given[0], after=at)
        if given[0].endswith("_percent") and MEASURES.get(raw["measure"]) == "":
            raise self.fail(line, f"'{raw['measure']}' has no percentage: use at_most or at_least")
        value = self.number(raw[given[0]], line, given[0])
        return Threshold(raw["measure"], given[0], value, self.kind(raw, at))

    def kind(self, raw: dict[str, Any], at: int) -> str:
        """The kind of exceptions that a threshold is about; empty for all of them."""
        if "kind" not in raw:
            return ""
        line = self.line("kind", after=at)
        if raw["measure"] not in BY_KIND:
            raise self.fail(
                line, f"'{raw['measure']}' has no kinds. Those have: {', '.join(BY_KIND)}"
            )
        if raw["kind"] not in self.kinds:
            raise self.fail(
                line,
                f"exceptions.toml has no kind '{raw['kind']}'. It has: {', '.join(self.kinds)}",
            )
        return str(raw["kind"])

    def number(self, value: Any, line: int, name: str) -> str:
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
            raise self.fail(line, f"{name} must be a number from 0 up")
        return f"{Decimal(value).normalize():f}"
