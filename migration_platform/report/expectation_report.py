"""Expectation report: what was expected of a cohort's records, and what came of it.

One page per cohort for reviewers: the verdict in the first line, what failed first, provenance
last. It reads check outcomes, which hold counts and declarations; no record comes near it. Whether
a wave may go on is decided in `promotion`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from migration_platform.check import (
    OUTCOMES,
    CheckOutcome,
    ExpectationResult,
    Outcome,
    Point,
    count_outcomes,
    format_percentage,
    overall_outcome,
)
from migration_platform.report.page import count_noun, join_words, render_page

State = Literal["failed", "error", "not run", "not applicable", "passed", "not asked"]
"""An outcome, or why there is none: never checked here, or not a question for this point."""

POINTS: tuple[tuple[Point, str], ...] = (
    ("transformed", "Before load"),
    ("destination", "In the destination"),
)
WORDS: dict[State, str] = {
    "failed": "failed",
    "error": "could not be checked",
    "not run": "not run",
    "not applicable": "nothing to check",
    "passed": "passed",
    "not asked": "not asked here",
}
ORDER: tuple[State, ...] = ("failed", "error", "not run", "not applicable", "passed", "not asked")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first line, and the line below it."""

    state: State
    sentence: str
    rest: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What one expectation came to at one point."""

    state: State
    text: str
    point: str

    @property
    def word(self) -> str:
        return WORDS[self.state]


@dataclass(frozen=True, slots=True)
class Line:
    """One expectation at every point."""

    sentence: str
    column: str
    cells: tuple[Cell, ...]

    @property
    def state(self) -> State:
        """The worst of its cells: what a reader must see first."""
        return min((cell.state for cell in self.cells), key=ORDER.index)


@dataclass(frozen=True, slots=True)
class Section:
    """One entity: its state, its points, and its expectations with the worst first."""

    entity: str
    state: State
    points: tuple[Cell, ...]
    lines: tuple[Line, ...]
    reason: str = ""

    @property
    def word(self) -> str:
        return "not applicable" if self.reason else WORDS[self.state]

    @property
    def open_lines(self) -> tuple[Line, ...]:
        """Expectations that a reviewer must look at."""
        return tuple(line for line in self.lines if line.state in ("failed", "error"))


def render_cohort_report(
    cohort: str,
    wave: str,
    outcomes: Sequence[CheckOutcome],
    not_applicable: Mapping[str, str],
    stated_at: datetime,
    versions: Mapping[str, str],
) -> str:
    """The page of one cohort.

    `outcomes` has at most one for each entity and point; `not_applicable` says why an entity has
    none at all (the source lacks its table); `versions` names the software that looked.
    """
    values = describe_report(cohort, wave, outcomes, not_applicable, stated_at, versions)
    return render_page("expectation_report.html.j2", **values)


def describe_report(
    cohort: str,
    wave: str,
    outcomes: Sequence[CheckOutcome],
    not_applicable: Mapping[str, str],
    stated_at: datetime,
    versions: Mapping[str, str],
) -> dict[str, object]:
    """What the page says, for it by itself and for the reviewers' room."""
    counts = count_outcomes(outcomes)
    return {
        "cohort": cohort,
        "wave": wave,
        "verdict": state_verdict(cohort, outcomes, not_applicable),
        "total": sum(counts.values()),
        "parts": [(outcome, WORDS[outcome], counts[outcome]) for outcome in OUTCOMES],
        "points": [words for _, words in POINTS],
        "sections": build_sections(outcomes, not_applicable),
        "checks": sorted(outcomes, key=lambda each: (each.entity, each.point == "destination")),
        "point_words": dict(POINTS),
        "stated_at": stated_at,
        "versions": versions,
    }


def state_verdict(
    cohort: str, outcomes: Sequence[CheckOutcome], not_applicable: Mapping[str, str]
) -> Verdict:
    """The report's first sentence. Nothing that did not happen counts as passed."""
    counts = count_outcomes(outcomes)
    pending = _not_run(outcomes)
    rest = _describe_rest(counts, pending, not_applicable)

    def state(state: State, sentence: str) -> Verdict:
        return Verdict(state, f"Cohort {cohort}: {sentence}", rest)

    if not outcomes:
        if not_applicable:
            return state("not applicable", "nothing to check, the source has none of its entities")
        return state("not run", "not run, nothing has been checked yet")
    of_all = f"of {count_noun(sum(counts.values()), 'expectation')}"
    if counts["failed"]:
        return state(
            "failed", f"{counts['failed']:,} {of_all} failed, in {_where(outcomes, 'failed')}"
        )
    if counts["error"]:
        where = _where(outcomes, "error")
        return state("error", f"{counts['error']:,} {of_all} could not be checked, in {where}")
    if not counts["passed"]:
        return state("not applicable", "nothing to check, no record was mapped")
    several = counts["passed"] > 1
    passed = f"all {counts['passed']:,} expectations" if several else "its only expectation"
    passed += " that had something to check passed" if counts["not applicable"] else " passed"
    if pending:
        return state("not run", f"{passed}, but not all have been run")
    return state("passed", passed)


def build_sections(
    outcomes: Sequence[CheckOutcome], not_applicable: Mapping[str, str]
) -> list[Section]:
    """One section for each entity: failed, error, not run, not applicable, passed."""
    sections = [
        Section(entity, "not applicable", (), (), reason)
        for entity, reason in not_applicable.items()
        if not any(each.entity == entity for each in outcomes)
    ]
    for entity in dict.fromkeys(each.entity for each in outcomes):
        by_point = {each.point: each for each in outcomes if each.entity == entity}
        points = tuple(_point_cell(by_point.get(point), words) for point, words in POINTS)
        lines = sorted(_lines(by_point), key=lambda line: ORDER.index(line.state))
        state = min((cell.state for cell in points), key=ORDER.index)
        sections.append(Section(entity, state, points, tuple(lines)))
    return sorted(sections, key=lambda s: (ORDER.index(s.state), bool(s.reason), s.entity))


def describe_result(result: ExpectationResult) -> str:
    """What an expectation came to, in counts. A share never rounds a failure away."""
    element, unexpected = result.element_count, result.unexpected_count
    missing = result.missing_count or 0
    if result.outcome == "error":
        return f"{result.error or 'an exception'} was raised"
    if result.outcome == "not applicable":
        if element:
            return f"none of {count_noun(element, 'record')} has a value"
        return "there is no record"
    if result.expectation == "expect_table_row_count_to_equal" and element is not None:
        if not unexpected:
            return f"{element:,} found"
        return f"{element:,} found, {unexpected:,} {'missing' if missing else 'too many'}"
    if element is None or unexpected is None:
        return "it does not hold" if result.outcome == "failed" else "it holds"
    looked = element - missing
    of_all = f"of {count_noun(looked, 'record')}" + (" with a value" if missing else "")
    if not unexpected:
        return f"0 {of_all} break it"
    allowed = ", no more than allowed" if result.outcome == "passed" else ""
    share = format_percentage(unexpected, looked).replace(" ", "\N{NO-BREAK SPACE}")
    return f"{unexpected:,} {of_all} ({share}) break it{allowed}"


def _point_cell(outcome: CheckOutcome | None, words: str) -> Cell:
    if outcome is None:
        return Cell("not run", "", words)
    state = overall_outcome(outcome.results)
    asked = len(outcome.results) - outcome.count("not applicable")
    if state == "not applicable":
        return Cell(state, "no record", words)
    if state == "passed":
        return Cell(state, f"{asked:,} of {asked:,}", words)
    return Cell(state, f"{outcome.count(state):,} of {asked:,}", words)


def _lines(by_point: Mapping[Point, CheckOutcome]) -> list[Line]:
    """Expectations in the order of their suite, each with what it came to at both points."""
    found: dict[tuple[str, str, str], dict[Point, ExpectationResult]] = {}
    for point, outcome in by_point.items():
        for result in outcome.results:
            key = (result.sentence, result.column, result.expectation)
            found.setdefault(key, {})[point] = result
    return [
        Line(
            sentence=sentence or expectation.replace("_", " "),
            column=column,
            cells=tuple(
                _cell(results.get(point), point in by_point, words) for point, words in POINTS
            ),
        )
        for (sentence, column, expectation), results in found.items()
    ]


def _cell(result: ExpectationResult | None, ran: bool, words: str) -> Cell:
    if result is None:
        return Cell("not asked" if ran else "not run", "", words)
    return Cell(result.outcome, describe_result(result), words)


def _not_run(outcomes: Sequence[CheckOutcome]) -> dict[str, list[str]]:
    """For each point, the entities that were checked at the other one only."""
    entities = list(dict.fromkeys(each.entity for each in outcomes))
    ran = {(each.entity, each.point) for each in outcomes}
    pending = {words: [e for e in entities if (e, point) not in ran] for point, words in POINTS}
    return {words: names for words, names in pending.items() if names}


def _where(outcomes: Sequence[CheckOutcome], outcome: Outcome) -> str:
    return join_words(list(dict.fromkeys(e.entity for e in outcomes if e.count(outcome))))


def _describe_rest(
    counts: Mapping[Outcome, int], pending: Mapping[str, list[str]], absent: Mapping[str, str]
) -> str:
    sentences = []
    if counts["failed"] and counts["error"]:
        sentences.append(f"{counts['error']:,} could not be checked.")
    if counts["failed"] or counts["error"]:
        sentences.append(f"{counts['passed']:,} passed.")
    if counts["not applicable"]:
        sentences.append(f"{counts['not applicable']:,} had nothing to check.")
    for words, names in pending.items():
        sentences.append(f"Not run {words[0].lower()}{words[1:]}: {join_words(names)}.")
    if absent:
        sentences.append(f"Not applicable to this source: {join_words(list(absent))}.")
    return " ".join(sentences)
