"""`migration evidence` and `replay`: what a verdict rests on, to read, to keep and to judge again."""

from __future__ import annotations

import json as json_text
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from migration_platform.command.console import MARKS, Json, out, print_json
from migration_platform.errors import EvidenceError, MigrationError

EMBEDDED = re.compile(r'<script type="application/json" id="evidence">(.*?)</script>', re.DOTALL)
"""The document within a dossier."""


def evidence(
    wave: Annotated[str, typer.Argument(help="The wave.")],
    json: Annotated[
        bool, typer.Option("--json", help="Print the document itself: to keep, and for replay.")
    ] = False,
) -> None:
    """Show the evidence of a wave, section by section, or print its one canonical document."""
    from migration_platform.evidence.evidence import canonical
    from migration_platform.evidence.governance import assemble_evidence
    from migration_platform.platform import Platform

    seen = assemble_evidence(Platform.open(), wave)
    if json:
        typer.echo(canonical(seen.document))
        return
    document = seen.document
    out.print(f"{MARKS[seen.verdict]}  [bold]{seen.sentence}[/]")
    for reason in seen.reasons:
        out.print(f"    - {reason}", markup=False)
    accounts = document["accounting"]
    differing = sum(a[n] or 0 for a in accounts for n in ("mismatched", "missing", "unexpected"))
    waiting = sum(e["count"] for e in document["exceptions"])
    done = sum(i["done"] is not None for i in document["readiness"])
    bad = sum(c["bad"] for c in document["checks"])
    for name, said in (
        ("state", document["state"]["name"]),
        ("sealed", (document["sealed"]["seal"] or "not yet")[:12]),
        ("accounting", f"{sum(a['extracted'] or 0 for a in accounts):,} records extracted, "
         f"{sum(a['loaded'] or 0 for a in accounts):,} loaded"),
        ("reconciliation", f"{differing:,} records differ"),
        ("checks", f"{len(document['checks']):,} suites run, {bad:,} expectations not met"),
        ("exceptions", f"{waiting:,} records wait"),
        ("metrics", ", ".join(f"{m['name']} in {m['cohort']}: {m['value'] or 'not recorded'} "
         f"(before: {m['baseline']})" for m in document["metrics"]) or "none asked for"),
        ("triggers", _count_triggers(document)),
        ("readiness", f"{done} of {len(document['readiness'])} items done"),
        ("sign-offs", ", ".join(f"{s['person']} ({s['role']}, on {s['evidence_digest'][:12]})"
         for s in document["sign_offs"]) or "none"),
        ("versions", ", ".join(f"{k} {v[:12]}" for k, v in document["versions"].items())),
        ("evidence", f"{seen.digest[:12]}, put together {document['assembled_at']}"),
    ):  # fmt: skip
        out.print(f"  {name}: {said}", markup=False)
    out.print(f"The document itself: migration evidence {wave} --json", style="dim")


def _count_triggers(document: dict[str, Any]) -> str:
    from migration_platform.trigger.trigger import STATES, find_triggers

    at = datetime.fromisoformat(document["assembled_at"])
    states = [trigger.state for trigger in find_triggers(document, at)]
    return ", ".join(f"{states.count(s)} {s}" for s in STATES) if states else "nothing is live"


def dossier(
    wave: Annotated[str, typer.Argument(help="The wave.")],
    output: Annotated[
        Path | None,
        typer.Option(help="The file to write (default: WAVE-DIGEST.html among the reports)."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a wave's whole review as one self-contained file, with its evidence inside."""
    from migration_platform.evidence.governance import assemble_evidence
    from migration_platform.platform import Platform
    from migration_platform.report.page import write_report
    from migration_platform.room.dossier import name_dossier, write_dossier

    platform = Platform.open()
    seen = assemble_evidence(platform, wave)
    path = output or platform.settings.reports / name_dossier(seen)
    try:
        write_report(path, write_dossier(platform, seen))
    except OSError as error:
        raise MigrationError(f"{path}: cannot be written ({error.strerror}).") from None
    if json:
        print_json({"wave": wave, "file": str(path), "evidence_digest": seen.digest})
        return
    out.print(f"[green]✔[/] {path}: wave {wave}, evidence {seen.digest[:12]}.", soft_wrap=True)


def replay(
    file: Annotated[Path, typer.Argument(help="A document of `migration evidence`, or a dossier.")],
    at: Annotated[
        str, typer.Option(help="Judge freshness at this instant (default: the document's own).")
    ] = "",
    json: Json = False,
) -> None:
    """Judge a kept evidence document again, on any machine: it needs no database and no settings.

    Refused (exit 1) if the document is not what its digest says.
    """
    from migration_platform.evidence.promotion import decide

    document = read_document(file)
    instant = _instant(at or document["assembled_at"])
    try:
        verdict = decide(document, instant)
    except KeyError as error:
        raise MigrationError(
            f"{file}: has no {error}: it was written by other code than this (its version is "
            f"{document['versions'].get('code', 'not known')[:12]}). Judge it with that."
        ) from None
    if json:
        print_json(
            {
                "wave": document["wave"],
                "evidence_digest": document["digest"],
                "at": instant,
                "verdict": verdict.verdict,
                "sentence": verdict.sentence(document["wave"]),
                "reasons": list(verdict.reasons),
            }
        )
        return
    out.print(f"{MARKS[verdict.verdict]}  [bold]{verdict.sentence(document['wave'])}[/]")
    for reason in verdict.reasons:
        out.print(f"    - {reason}", markup=False)
    out.print(
        f"    evidence {document['digest'][:12]}, judged at {instant.isoformat()}", style="dim"
    )


def name_evidence(text: str) -> str:
    """The digest that a person names: by itself, or by the file that holds the document."""
    path = Path(text)
    return str(read_document(path)["digest"]) if path.is_file() else text.lower()


def read_document(path: Path) -> dict[str, Any]:
    """An evidence document from a file. Raises EvidenceError if it was altered since."""
    from migration_platform.evidence.evidence import evidence_digest

    try:
        text = path.read_text(encoding="utf-8")
        document: dict[str, Any] = json_text.loads(_find_document(text))
        digest = evidence_digest(document)
        said = document["digest"]
    except OSError as error:
        raise MigrationError(f"{path}: cannot be read ({error.strerror}).") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise MigrationError(
            f"{path}: is no evidence document. Write one with `migration evidence WAVE --json`."
        ) from None
    if digest != said:
        raise EvidenceError(
            f"{path}: was altered: it says that it is evidence {said[:12]}, and is {digest[:12]}."
        )
    return document


def _find_document(text: str) -> str:
    """The document in a dossier, or the text itself."""
    found = EMBEDDED.search(text)
    return found[1] if found else text


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise MigrationError(
            f"--at {text}: give an instant, as in 2026-11-21T12:00:00+00:00"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
