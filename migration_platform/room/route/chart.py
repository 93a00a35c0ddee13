"""Routes of what shows patients' values: a chart side by side, a record's whole way. And of judging.

Nothing is shown before the reader has said why; that look is recorded first. Values travel in the
answer to a form and nowhere else: no address and no title has one.
"""

from __future__ import annotations

from migration_platform.decision.right import require_right
from migration_platform.errors import ConfigurationError
from migration_platform.room.app import Way
from migration_platform.room.page.sample import describe_sample
from migration_platform.room.page.sheet import Sheet
from migration_platform.room.route.wave import give_csv
from migration_platform.room.visit import Answer, Moved, Shown, Visit
from migration_platform.value_view import record_view


def _sample(visit: Visit) -> Sheet:
    from migration_platform.chart.review import read_sample  # DuckDB, for who looks at charts

    cohort = visit.platform.plan.cohort(visit.path["cohort"])
    return describe_sample(cohort.name, cohort.wave, read_sample(visit.platform, cohort.name))


def show_sample(visit: Visit) -> Answer:
    values = {
        "page": _sample(visit),
        "cohort": visit.path["cohort"],
        "may_draw": visit.may("judge"),
    }
    return Shown("sample.html.j2", values)


def sample_csv(visit: Visit) -> Answer:
    return give_csv(_sample(visit).tables, visit.path["table"], visit.path["cohort"])


def draw(visit: Visit) -> Answer:
    from migration_platform.chart.review import draw_sample

    cohort = visit.platform.plan.cohort(visit.path["cohort"]).name
    draw_sample(visit.platform, cohort)
    return Moved(f"/cohorts/{cohort}/charts")


def ask_chart(visit: Visit) -> Answer:
    """Why? Before that, nothing of the chart is read."""
    token = read_token(visit)
    return Shown("ask.html.j2", {"what": "chart", "token": token, "url": f"/charts/{token}"})


def show_chart(visit: Visit) -> Answer:
    from migration_platform.chart.chart import read_chart

    token = read_token(visit)
    record_view(
        visit.platform, person=visit.person, way="page", what="chart", token=token,
        reason=visit.said("reason"),
    )  # fmt: skip
    chart = read_chart(visit.platform, token)
    return Shown("chart.html.j2", {"chart": chart, "may_judge": visit.may("judge")})


def judge(visit: Visit) -> Answer:
    from migration_platform.chart.review import judge_chart

    require_right(visit.platform.people, visit.person, "judge")
    said = visit.said("judgement")
    if said not in ("right", "wrong"):
        raise ConfigurationError("say whether the chart is right or wrong")
    cohort, _ = judge_chart(
        visit.platform, read_token(visit), is_right=said == "right", person=visit.person,
        comment=visit.said("comment"),
    )  # fmt: skip
    visit.room.shelf.forget()
    return Moved(f"/cohorts/{cohort}/charts")


def ask_record(visit: Visit) -> Answer:
    entity, token = visit.platform.outline(visit.path["entity"]).name, read_token(visit)
    return Shown(
        "ask.html.j2", {"what": entity, "token": token, "url": f"/records/{entity}/{token}"}
    )


def show_record(visit: Visit) -> Answer:
    from migration_platform.trace import trace_record

    entity, token = visit.platform.outline(visit.path["entity"]).name, read_token(visit)
    record_view(
        visit.platform, person=visit.person, way="page", what=entity, token=token,
        reason=visit.said("reason"),
    )  # fmt: skip
    return Shown("record.html.j2", {"trace": trace_record(visit.platform, entity, token)})


def read_token(visit: Visit) -> str:
    """A record's token. An id of the source or the destination has no place in an address."""
    token = visit.path["token"]
    if len(token) != 16 or not set(token) <= set("0123456789abcdef"):
        raise ConfigurationError("a record is named by its token here: 16 hexadecimal digits")
    return token


WAYS = (
    Way("GET", "/cohorts/{cohort}/charts", "read", show_sample),
    Way("GET", "/cohorts/{cohort}/charts/{table}.csv", "read", sample_csv),
    Way("POST", "/cohorts/{cohort}/charts", "judge", draw),
    Way("GET", "/charts/{token}", "see values", ask_chart),
    Way("POST", "/charts/{token}", "see values", show_chart),
    Way("POST", "/charts/{token}/judge", "judge", judge),
    Way("GET", "/records/{entity}/{token}", "see values", ask_record),
    Way("POST", "/records/{entity}/{token}", "see values", show_record),
)
