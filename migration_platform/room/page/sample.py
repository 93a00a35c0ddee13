"""Sample: the charts of a cohort that were drawn to be checked by eye, and what was judged of them."""

from __future__ import annotations

from migration_platform.chart.review import Sample
from migration_platform.room.page.headline import Headline, count_noun
from migration_platform.room.page.sheet import Part, Sheet
from migration_platform.room.table import Cell, make_table

SHAPES = {"right": "passed", "wrong": "failed", "unjudged": "not-run"}


def describe_sample(cohort: str, wave: str, sample: Sample | None) -> Sheet:
    """The newest sample; None if none was drawn."""
    trail = (("/", "Waves"), (f"/waves/{wave}", wave), (f"/cohorts/{cohort}", cohort))
    charts = (*sample.charts, *sample.earlier) if sample else ()
    table = make_table(
        "charts",
        "Drawn over all charts, and for their risk beside that",
        ("Chart =", "Stratum", "Drawn", "Judged", "By", "When", "Comment"),
        [
            (Cell(c.token, link=f"/charts/{c.token}"), c.stratum,
             "at random" if c.is_random else "for its risk",
             Cell(c.judgement, SHAPES.get(c.judgement, "held")), c.person,
             c.judged_at or Cell(""), c.comment)
            for c in charts
        ],
        empty="No chart was drawn yet.",
        url=f"/cohorts/{cohort}/charts/charts.csv",
    )  # fmt: skip
    if sample is None:
        headline = Headline("not-run", f"No chart of cohort {cohort} was drawn yet.")
    else:
        wrong = sample.count("wrong")
        unjudged = sample.count("unjudged")
        shape = "failed" if wrong else "not-run" if unjudged or sample.outdated else "passed"
        judged = f"{count_noun(unjudged, 'chart')} to judge" if unjudged else "every chart judged"
        headline = Headline(shape, f"Cohort {cohort}: {judged}, {wrong:,} wrong.", sample.statement)
    return Sheet("charts", headline, (Part("Charts", table),), trail=trail)
