"""`migration completeness`, `sample-charts`, `judge-chart`, `chart`: whole charts and people's eyes."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from migration_platform.command.console import Json, out, print_json

WIDTH = 60
"""Columns of each side, so that both are seen beside each other. Longer text is folded, never cut."""


def completeness(
    wave: Annotated[str | None, typer.Option(help="Every cohort of this wave.")] = None,
    cohort: Annotated[str | None, typer.Option(help="Only this cohort.")] = None,
    json: Json = False,
) -> None:
    """Print which charts are whole at the destination, and what the others lack."""
    from migration_platform.chart.review import look_at_charts
    from migration_platform.platform import Platform

    platform = Platform.open()
    found = [
        {"cohort": name, "completeness": look_at_charts(platform, name)}
        for name in _cohorts(platform, wave, cohort)
    ]
    if json:
        print_json(found)
        return
    for each in found:
        whole: Any = each["completeness"]
        out.print(f"[bold]Cohort {each['cohort']}: {say_completeness(whole)}[/]")
        if not whole or not whole["gaps"]:
            continue
        table = Table("entity", "what", "field")
        table.add_column("records", justify="right")
        table.add_column("charts", justify="right")
        table.add_column("tokens of patients")
        for gap in whole["gaps"]:
            table.add_row(
                gap["entity"], gap["kind"], gap["field"],
                f"{gap['records']:,}", f"{gap['charts']:,}", ", ".join(gap["tokens"]),
            )  # fmt: skip
        out.print(table)


def say_completeness(whole: dict[str, Any] | None) -> str:
    """A cohort's completeness in one line."""
    if whole is None:
        return "charts not known: it is not reconciled throughout, or its staged files are gone."
    if not whole["charts"]:
        return "no chart is loaded."
    said = f"{whole['whole']:,} of {whole['charts']:,} charts are whole"
    if not whole["fragmented"]:
        return said + "."
    most = [
        f"{g['records']:,} {g['entity']} {g['kind']}" + (f" ({g['field']})" if g["field"] else "")
        for g in whole["gaps"][:3]
    ]
    return f"{said}, {whole['fragmented']:,} fragmented: {', '.join(most)}" + (
        f" and {len(whole['gaps']) - 3} more." if len(whole["gaps"]) > 3 else "."
    )


def sample_charts(
    wave: Annotated[str | None, typer.Argument(help="Every cohort of this wave.")] = None,
    cohort: Annotated[str | None, typer.Option(help="Only this cohort.")] = None,
    charts: Annotated[
        int | None, typer.Option(min=1, help="How many to draw at random over all (default: 60).")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed draws the same charts.")
    ] = None,
    json: Json = False,
) -> None:
    """Draw charts for people to check by eye, and print what the sample says so far.

    A sample that was drawn of the charts as they are is kept; another number or seed draws anew.
    """
    from migration_platform.chart.review import draw_sample
    from migration_platform.platform import Platform

    platform = Platform.open()
    if wave is None and cohort is None:
        raise typer.BadParameter("name a wave, or a cohort with --cohort")
    names = _cohorts(platform, wave, cohort)
    named = [n for n in names if cohort or not platform.plan.cohort(n).orphans]
    found = [draw_sample(platform, name, charts, seed) for name in named]
    if json:
        print_json(found)
        return
    for sample in found:
        _print_sample(sample)


def _print_sample(sample: Any) -> None:
    out.print(f"[bold]Cohort {sample.cohort}: {sample.statement}[/]")
    out.print(
        f"{len(sample.charts):,} charts drawn of {sample.population:,} with seed {sample.seed}: "
        f"{sample.count('right'):,} right, {sample.count('wrong'):,} wrong. Those drawn for a risk "
        "are beside the statement."
    )
    table = Table("chart", "stratum", "drawn", "judged", "by", "at (UTC)", "comment")
    for c in (*sample.charts, *sample.earlier):
        table.add_row(
            c.token, c.stratum, "at random" if c.is_random else "for its risk", c.judgement,
            c.person, f"{c.judged_at:%Y-%m-%d %H:%M}" if c.judged_at else "", c.comment,
        )  # fmt: skip
    out.print(table)
    out.print("Look at one: migration chart TOKEN; then migration judge-chart TOKEN --right")


def judge_chart(
    token: Annotated[str, typer.Argument(help="The chart, as `sample-charts` names it.")],
    right: Annotated[
        bool | None, typer.Option("--right/--wrong", help="Does it say what the source says?")
    ] = None,
    by: Annotated[str, typer.Option(help="Who judges: a clinical lead of people.toml.")] = "",
    comment: Annotated[
        str, typer.Option(help="What was seen, without a patient's data: it is kept.")
    ] = "",
    json: Json = False,
) -> None:
    """Record what a person judged of a chart that was drawn. A chart judged wrong blocks its wave."""
    from migration_platform.chart.review import judge_chart as record
    from migration_platform.platform import Platform

    if right is None:
        raise typer.BadParameter("say --right or --wrong")
    cohort, sample = record(Platform.open(), token, is_right=right, person=by, comment=comment)
    word = "right" if right else "wrong"
    if json:
        print_json({"cohort": cohort, "token": token, "judgement": word, "person": by,
                    "statement": sample.statement})  # fmt: skip
        return
    out.print(f"Chart {token} of cohort {cohort} is judged {word}, by {by}. {sample.statement}")


def chart(
    token: Annotated[str, typer.Argument(help="A patient's token.")],
    by: Annotated[str, typer.Option(help="Who looks: a name that people.toml has.")],
    reason: Annotated[str, typer.Option(help="Why: kept with the name and the token.")],
) -> None:
    """Print one chart, source beside destination. It prints patient data: to this terminal only.

    That somebody looked is recorded first.
    """
    from migration_platform.chart.chart import read_chart
    from migration_platform.platform import Platform
    from migration_platform.value_view import record_view

    platform = Platform.open()
    record_view(platform, person=by, way="command line", what="chart", token=token, reason=reason)
    found = read_chart(platform, token)
    wrong = sum(r.differing or r.state in ("missing", "unexpected") for r in found.records)
    loaded = sum(r.state == "loaded" for r in found.records)
    out.print(
        f"[bold]Chart {found.token} of cohort {found.cohort}: {len(found.records):,} records, "
        f"{loaded:,} at the destination, {wrong:,} differing.[/]"
    )
    for record in found.records:
        _print_record(record)


def _print_record(record: Any) -> None:
    why = f" ({record.rule})" if record.rule else ""
    table = Table(
        title=f"{record.entity} {record.token}: {record.state}{why}", title_justify="left"
    )
    table.add_column("")
    table.add_column("field")
    table.add_column("source", max_width=WIDTH, overflow="fold")
    table.add_column("destination", max_width=WIDTH, overflow="fold")
    for f in record.fields:
        source = ", ".join(f"{k}={v}" for k, v in f.source.items() if v not in (None, ""))
        there = f.destination or ""
        if f.differs and record.state == "loaded":
            there = f"{there} (sent: {f.sent})"
        if source or there:
            table.add_row("≠" if f.differs else "", f.name, _plain(source), _plain(there))
    out.print(table)


def _plain(text: str) -> str:
    """Square brackets are Rich's markup; in a chart they are text."""
    return text.replace("[", "\\[")


def _cohorts(platform: Any, wave: str | None, cohort: str | None) -> list[str]:
    if wave is not None and cohort is not None:
        raise typer.BadParameter("name a wave or a cohort, not both")
    if cohort is not None:
        return [platform.plan.cohort(cohort).name]
    cohorts = platform.plan.wave(wave).cohorts if wave else platform.plan.cohorts
    return [c.name for c in cohorts]
