"""Page: one self-contained HTML file from a template beside this module and the shared style."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

HERE = Path(__file__).parent


def render_page(template: str, **values: object) -> str:
    """Render a template of this folder; the shared style stands inside the page as `css`."""
    css = Markup((HERE / "page.css").read_text(encoding="utf-8"))
    return _environment().get_template(template).render(css=css, **values)


def write_report(path: Path, html: str) -> None:
    """Write a page so that a reader sees the one before or this one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(html, encoding="utf-8")
    os.replace(part, path)


def format_time(moment: datetime) -> str:
    """An instant to the second, in UTC and saying so."""
    if moment.tzinfo is None:
        raise ValueError("a time on a page needs its zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def join_words(words: list[str], at_most: int = 4) -> str:
    """`a`, `a and b`, `a, b and c`; beyond `at_most`, how many more there are."""
    if len(words) > at_most:
        words = [*words[: at_most - 1], f"{len(words) - at_most + 1} more"]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def count_noun(number: int, noun: str) -> str:
    """`1 record`, `1,204 records`, `2 entities`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("y") else f"{number:,} {noun}s"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["time"] = format_time
    environment.filters["number"] = lambda number: f"{number:,}"
    return environment
