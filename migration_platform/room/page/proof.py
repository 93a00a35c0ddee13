"""Proof: the page on which a reason of a verdict can be seen for oneself.

A reason names its cohort and entity in words; the subject that it is about says which page. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection

SUBJECTS = (
    (r"judged wrong|sample charts|charts of cohort", "/cohorts/{cohort}/charts"),
    (r"\bexpectations? on\b|was not checked|the suite of", "/cohorts/{cohort}/expectations"),
    (r"in its last night", "/nights"),
    (r"\bdrill\b|never rehearsed", "/drills"),
    (r"rolled back|a rollback of cohort", "/cohorts/{cohort}"),
    (r"differs from what was sent|mapped otherwise|inconclusive|was not proved|control total",
     "/cohorts/{cohort}/differences"),
    (r"does not balance|is not finished|loaded no record|older than .* hours|dated in the future"
     r"|run the cohort again", "/cohorts/{cohort}"),
    (r"no code map translates|exception queue", "/exceptions?wave={wave}"),
    (r"^not ready|no readiness item", "#readiness"),
    (r"^not signed|signed other evidence|alone has signed", "#sign-offs"),
    (r"rollback trigger|criteria ask for|has not been recorded|was measured more than|is dated in the future: set|no criteria"
     r"|overdue exceptions|open exceptions|oldest exception|of kind", "#criteria"),
    (r"belong to no cohort", "#cohorts"),
    (r"is not promoted, so no cohort", "/"),
    (r"holds it since|was rolled back at|has changed|are not sealed|nothing of it has been run",
     "/decisions?wave={wave}"),
)  # fmt: skip
"""What a reason is about, in this order, and where that is seen. A page of a cohort that the reason
does not name gives way to the wave's own part of it."""

FALLBACK = "#accounting"


def find_proof(reason: str, wave: str, cohorts: Collection[str]) -> str:
    """Where the proof of a reason stands: a page, or a part (`#…`) of the wave's own."""
    named = re.findall(r"(?:cohort|in) ([\w-]+)", reason)
    cohort = next((n for n in named if n in cohorts or n == "reference"), None)
    for pattern, page in SUBJECTS:
        if re.search(pattern, reason):
            if "{cohort}" in page and cohort is None:
                return FALLBACK
            return page.format(cohort=cohort, wave=wave)
    return FALLBACK
