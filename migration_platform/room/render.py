"""Render: templates of the room to HTML, in the visual language that the reports have too.

A value is escaped wherever it stands. Instants appear in the reader's zone, and the zone beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from migration_platform.report.page import HERE as REPORT
from migration_platform.report.page import format_time

HERE = Path(__file__).parent

UNKNOWN = "·"
"""Not known, or not yet: never a zero."""


def render(template: str, values: Mapping[str, Any]) -> str:
    """The page of a template."""
    return _environment().get_template(template).render(**values)


def read_style() -> str:
    """The one style of all pages."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in (REPORT / "page.css", HERE / "room.css")
    )


def is_zone(name: str) -> bool:
    return name in available_timezones()


def format_instant(moment: datetime, zone: str) -> str:
    """An instant to the minute, with its zone."""
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there:%Y-%m-%d %H:%M} {there.tzname()}"


INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")
"""As evidence and reasons write them, the same for every reader."""


@pass_context
def _code(context: Context, text: str) -> Markup:
    """What stands between backticks is something to type; an instant is one in the reader's zone."""
    if isinstance(text, Markup):
        return text
    text = INSTANT.sub(lambda found: _when(context, found[0]), str(text))
    if "`" not in text:
        return escape(text)
    parts = [escape(part) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return Markup("`").join(parts)
    said = (Markup("<code>{}</code>").format(p) if n % 2 else p for n, p in enumerate(parts))
    return Markup("").join(said)


@pass_context
def _when(context: Context, moment: datetime | str | None) -> str:
    if not moment:
        return UNKNOWN
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return format_instant(at, context["zone"])


@pass_context
def _at(context: Context, url: str) -> str:
    """Where a link leads from here: in a file, to its own part about it, or nowhere (empty)."""
    places = context.get("places")
    return url if places is None or url.startswith("#") else places.get(url, "")


@pass_context
def _say(context: Context, value: Any) -> str:
    """A cell's value. Zero and unknown look different; an instant breaks between day and time only."""
    if value is None:
        return UNKNOWN
    if isinstance(value, datetime):
        day, _, time = format_instant(value, context["zone"]).partition(" ")
        return Markup('<span class="day">{}</span> <span class="day">{}</span>').format(day, time)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:,f}" if isinstance(value, Decimal) else str(value)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([HERE / "template", REPORT]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "at": _at,
        "code": _code,
        "when": _when,
        "say": _say,
        "time": format_time,
        "number": lambda number: f"{number:,}",
    }
    return environment
