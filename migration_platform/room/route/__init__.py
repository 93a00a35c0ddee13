"""Which address shows which page, and which form reaches which decision.

The whole table: nothing is served that does not stand here.
"""

from __future__ import annotations

from migration_platform.room.app import Way
from migration_platform.room.route import account, case, chart, decision, operation, reading, wave

WAYS: tuple[Way, ...] = (
    *account.WAYS,
    *wave.WAYS,
    *decision.WAYS,
    *operation.WAYS,
    *chart.WAYS,
    *case.WAYS,
    *reading.WAYS,
)
