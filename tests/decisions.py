"""What a small migration decides beforehand, and how its people come to a promotion."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from migration_platform.database import connect
from migration_platform.decision import move
from migration_platform.decision.decision import Decision
from migration_platform.decision.signing import sign
from migration_platform.evidence.evidence import Evidence
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from migration_platform.trigger.figure import read_figure
from migration_platform.trigger.measurement import Measurement
from migration_platform.trigger.metric_log import record_measurements

PEOPLE = """\
[roles]
"executive sponsor" = ["Eve"]
"clinical lead" = ["Ada"]
"operations lead" = ["Bob", "Ada"]
"technical lead" = ["Cleo"]
compliance = ["Dana"]
"""
ITEM = "staff-trained"
KINDS = Path(__file__).parents[1] / "assets" / "exceptions.toml"


def decide_beforehand(folder: Path, waves: Sequence[str]) -> None:
    """Write people, criteria (two sign-offs), readiness (one item) and the shipped kinds of exceptions
    beside a waves file."""
    shutil.copy(KINDS, folder / "exceptions.toml")
    (folder / "people.toml").write_text(PEOPLE)
    (folder / "criteria.toml").write_text(
        "".join(
            f'[[wave]]\nname = "{wave}"\nsign_offs = ["clinical lead", "operations lead"]\n'
            for wave in waves
        )
    )
    names = ", ".join(f'"{wave}"' for wave in waves)
    (folder / "readiness.toml").write_text(
        f'[[item]]\nname = "{ITEM}"\nwaves = [{names}]\nowner = "technical lead"\n'
        'due = 2026-12-01\nsays = "Staff are trained"\n'
    )


def get_ready(platform: Platform, wave: str) -> None:
    """Have the wave's readiness item done."""
    move.mark_ready(platform, wave, [ITEM], person="Cleo", note="seen")


def sign_all(platform: Platform, wave: str) -> Evidence:
    """Have the wave ready and signed by the two that it asks for, on the evidence as it is."""
    done = [d for d in platform.store.decisions() if (d.wave, d.action) == (wave, "ready")]
    if not done:
        get_ready(platform, wave)
    for person, role in (("Ada", "clinical lead"), ("Bob", "operations lead")):
        digest = assemble_evidence(platform, wave).digest
        sign(
            platform, wave, person=person, role=role, evidence_digest=digest, statement="read"
        )  # fmt: skip
    return assemble_evidence(platform, wave)


def promote(
    platform: Platform, wave: str, *, person: str = "Ada", reason: str = "clean"
) -> tuple[Decision, Evidence]:
    """Have the wave ready, signed and promoted."""
    sign_all(platform, wave)
    return move.promote(platform, wave, person=person, reason=reason)


def measure(
    platform: Platform, cohort: str, name: str, figure: str, at: datetime | None = None
) -> None:
    """Record a figure from operation, of now or of an instant."""
    measurement = Measurement(cohort, name, read_figure(figure), at or datetime.now(UTC))
    record_measurements(platform.store, [measurement], "help desk")


def tamper(platform: Platform, *statements: str) -> None:
    """Change the platform store as its tables' owner, with the triggers that refuse it off."""
    with connect(platform.settings, "platform", owner=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)
