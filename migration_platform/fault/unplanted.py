"""Unplanted: the classes of faults that no mutator plants, and why. The blind spots print them.

Apart from the catalogue, so that a command that only tells of them imports no mapping.
"""

from __future__ import annotations

_NO_FIELD = "no field of this migration holds one; once a field does, the faults of its type apply"
_SCHEMA = (
    "the comparison looks at values: what a changed schema does to values is found as those faults; "
    "the schema itself is the destination's own affair"
)
_PROCESS = (
    "a fault of the process, not of a record: kept out by the gate, by digests of what was looked at, "
    "by two looks at stated instants, and by their own tests"
)
_LIVE = "there is no live source, change capture or cutover yet: a cohort moves from a snapshot"
_MESSAGES = "no messages move yet: HL7 connections are a partition of their own once they are built"
_CONTINUITY = (
    "what patients and staff meet after the move; the records behind it (subscriptions, intakes, "
    "refills, portal identities) carry every fault of their fields' types"
)

_REASONS: dict[str, tuple[str, ...]] = {
    _NO_FIELD: ("reference range", "abnormal flag", "declared unit conversion"),
    "no cap in the comparison: a test compares more than 10,000 differing records": (
        "rows after row 10,000 failures not checked",
    ),
    _SCHEMA: (
        "dropped column",
        "added non-null default",
        "type narrowed",
        "nullable changed",
        "renamed only in case",
        "generated column",
        "missing unique/FK/index",
        "view vs table",
        "trigger changes values on load",
    ),
    _PROCESS: (
        "stale read from replica",
        "write to target by another app",
        "non-idempotent retry",
        "verifier skipped/aborted but gate green",
        "check on wrong partition",
        "0-row denominator",
        "threshold edit not applied",
        "% rounding hides rows",
        "sampling misses the bad stratum",
        "ignored column list too wide",
        "mapping version changed between load and verify",
        "verification uses the same buggy code as the load",
    ),
    _LIVE: (
        "snapshot misaligned (source moved on)",
        "copy vs catch-up produce different bytes",
        "log position compared as text",
        "window attributed to wrong request",
        "post-cutover write lost at rollback",
        "long transaction at switch",
        "position taken too early",
        "out-of-order apply",
        "late arriving",
    ),
    _MESSAGES: (
        "message missing",
        "duplicated on ACK timeout",
        "ACK paired with wrong message",
        "order before result",
        "result to wrong order/patient",
        "reordered A08 before A04",
        "segment dropped/repeated",
        "Z-segment lost",
        "OBX type/units/status (P→F→C) changed",
        "sub-component separator/escape (`\\F\\`) broken",
        "charset in MSH-18",
        "timestamps without zone",
        "MSH-10 reuse",
        "filtered in one side only",
        "stuck in queue",
        "error resolved in counters only",
        "in-flight at switch",
        "sent to both endpoints",
        "endpoint/port/cert of vendor old",
        "throughput/latency regress",
        "batch (FHS/BHS) counts differ",
        "reprocess sends to all destinations",
    ),
    _CONTINUITY: (
        "login carried over but password reset forced",
        "magic link to old domain",
        "portal URL changed",
        "status history blank",
        "refill reminder from new sender/late",
        "subscription charged twice or not",
        "paid patient not routed",
        "provider decision not propagated",
        "refill request without history",
        "intake progress lost",
        "report totals differ",
        "ticket spike",
        "metrics baseline missing",
    ),
}

NOT_IN_CATALOGUE: dict[str, str] = {
    name: reason for reason, names in _REASONS.items() for name in names
}
"""Classes of faults that no mutator plants: each with the reason."""
