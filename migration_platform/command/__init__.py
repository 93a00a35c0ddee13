"""The command line `migration`: its commands, and how each of them ends.

Exit codes: 0 it is as asked, 1 it was looked at and is not fine, 2 usage, configuration, or unable
to look. What a command does stands in the module it comes from; nothing slow is imported here.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable
from importlib import import_module

import typer

from migration_platform.errors import EvidenceError, GateClosedError, MigrationError
from migration_platform.garbage_collection import collect_seldom

NOT_FINE, UNABLE = 1, 2

COMMANDS = {
    "demo": "demo.demo",
    "sample": "sample.sample",
    "run": "run.run",
    "status": "status.status",
    "accounting": "status.accounting",
    "exceptions": "exception.exceptions",
    "reconcile": "reconcile.reconcile",
    "repair": "repair.repair",
    "waive": "waive.waive",
    "waivers": "waive.waivers",
    "nightly": "nightly.nightly",
    "totals": "total.totals",
    "completeness": "chart.completeness",
    "sample-charts": "chart.sample_charts",
    "judge-chart": "chart.judge_chart",
    "chart": "chart.chart",
    "blind-spots": "blind_spot.blind_spots",
    "evidence": "evidence.evidence",
    "dossier": "evidence.dossier",
    "replay": "evidence.replay",
    "ready": "decide.ready",
    "sign": "decide.sign",
    "promote": "promote.promote",
    "drill": "drill.drill",
    "rollback": "rollback.rollback",
    "hold": "decide.hold",
    "resume": "decide.resume",
    "amend": "decide.amend",
    "complete": "decide.complete",
    "log": "log.log",
    "metric": "metric.metric",
    "import-metrics": "metric.import_metrics",
    "triggers": "trigger.triggers",
    "trace": "status.trace",
    "mapping": "status.mapping",
    "faults": "fault.faults",
    "account": "account.account",
    "up": "server.up",
    "down": "server.down",
    "ui": "server.ui",
    "open": "decide.open_wave",
    "exception": "exception.exception",
    "duplicates": "duplicate.duplicates",
}
"""Each command and where it stands: a module of this folder, and a function or a group of commands."""


def make_app(names: Iterable[str] = tuple(COMMANDS)) -> typer.Typer:
    """The command line with these commands. To make all of them takes as long as most of them run."""
    app = typer.Typer(
        name="migration",
        help="Move patients between platforms, cohort by cohort and wave by wave, with proof.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # they would print local variables, and patients with them
    )
    # Without it a single command would be the whole command line.
    app.callback()(lambda: None)
    for name in names:
        module, _, place = COMMANDS[name].partition(".")
        found = getattr(import_module(f"migration_platform.command.{module}"), place)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def main() -> None:
    """Run the command line and exit with its code."""
    collect_seldom()
    asked = sys.argv[1:2]
    try:
        make_app(asked if asked and asked[0] in COMMANDS else COMMANDS)()
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
