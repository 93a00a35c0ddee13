"""Opening: a wave's criteria, readiness items and people are sealed in the decision log.

It happens once in a wave's life, by a person or by the first extract of one of its cohorts, whichever
comes first; and again after a rollback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from migration_platform.decision import log_head
from migration_platform.decision.decision import Decision
from migration_platform.decision.log import read_whole, require_whole
from migration_platform.decision.seal import seal_of
from migration_platform.decision.wave_state import find_state
from migration_platform.errors import GateClosedError
from migration_platform.platform import Platform

BY_ITSELF = "the platform"


def sealed_detail(content: Mapping[str, Any]) -> dict[str, Any]:
    """What the entry that seals says beyond its reason."""
    return {"seal": seal_of(content), "sealed": dict(content)}


def open_if_planned(platform: Platform, wave: str, cohort: str) -> None:
    """Open a wave with the first extract of one of its cohorts. Raises GateClosedError if the
    decision log is not whole."""
    if find_state(read_whole(platform), wave).name != "planned":
        return
    head = log_head.read(platform.settings.home)

    def still_planned(log: Sequence[Decision]) -> None:
        require_whole(log, head)
        if find_state(log, wave).name != "planned":
            raise _OpenAlready

    try:
        platform.store.append_decision(
            wave=wave,
            action="open",
            person=BY_ITSELF,
            reason=f"first extract of cohort {cohort}",
            detail=sealed_detail(platform.decided_beforehand(wave)),
            require=still_planned,
        )
    except _OpenAlready:
        return  # another cohort of the wave was first


class _OpenAlready(GateClosedError):
    """Somebody else opened it between our look and our lock."""
