"""The command line `migration`: its commands, and how each of them ends.

Exit codes: 0 it is as asked, 1 it was looked at and is not fine, 2 usage, configuration, or unable
to look. What a command does stands in the module it comes from; nothing slow is imported here.
"""

from __future__ import annotations

import os
import sys
import traceback

import typer

from migration_platform.command import (
    account,
    blind_spot,
    chart,
    decide,
    demo,
    drill,
    duplicate,
    evidence,
    exception,
    fault,
    log,
    metric,
    nightly,
    promote,
    reconcile,
    repair,
    rollback,
    run,
    sample,
    server,
    status,
    total,
    trigger,
    waive,
)
from migration_platform.errors import EvidenceError, GateClosedError, MigrationError

NOT_FINE, UNABLE = 1, 2

app = typer.Typer(
    name="migration",
    help="Move patients between platforms, cohort by cohort and wave by wave, with proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would print local variables, and patients with them
)
for command in (
    demo.demo,
    sample.sample,
    run.run,
    status.status,
    status.accounting,
    exception.exceptions,
    reconcile.reconcile,
    repair.repair,
    waive.waive,
    waive.waivers,
    nightly.nightly,
    total.totals,
    chart.completeness,
    chart.sample_charts,
    chart.judge_chart,
    chart.chart,
    blind_spot.blind_spots,
    evidence.evidence,
    evidence.dossier,
    evidence.replay,
    decide.ready,
    decide.sign,
    promote.promote,
    drill.drill,
    rollback.rollback,
    decide.hold,
    decide.resume,
    decide.amend,
    decide.complete,
    log.log,
    metric.metric,
    metric.import_metrics,
    trigger.triggers,
    status.trace,
    status.mapping,
    fault.faults,
    account.account,
    server.up,
    server.down,
    server.ui,
):
    app.command()(command)
app.command("open")(decide.open_wave)
app.add_typer(exception.exception)
app.add_typer(duplicate.duplicates)


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        app()
    except (GateClosedError, EvidenceError) as error:
        _print_error(str(error))
        sys.exit(NOT_FINE)
    except MigrationError as error:
        _print_error(str(error))
        sys.exit(UNABLE)
    except Exception as error:
        if _is_of_the_database(error):
            _print_error(
                f"a database failed, or the connection to it was lost ({type(error).__name__}). What was not "
                "committed was not written. Look at the server, then run it again."
            )
        else:
            _print_defect(error)
        sys.exit(UNABLE)


def _is_of_the_database(error: Exception) -> bool:
    import psycopg

    return isinstance(error, psycopg.OperationalError)


def _print_error(text: str) -> None:
    typer.secho(f"error: {text}", err=True, fg="red")


def _print_defect(error: Exception) -> None:
    """Where it went wrong, without what a driver or a parser says: that may be a patient's value."""
    if os.environ.get("MIGRATION_DEBUG"):
        traceback.print_exception(error)
        return
    frames = traceback.extract_tb(error.__traceback__)
    sys.stderr.writelines(traceback.format_list(frames))
    _print_error(
        f"{type(error).__name__} (a defect). Its text is withheld because it "
        "may hold a patient's values: set MIGRATION_DEBUG=1 to see it on this terminal."
    )
