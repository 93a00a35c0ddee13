"""Promotion: the verdict on a wave, a pure function of its evidence.

promote: everything looked at, everything fine. hold: something was not looked at, is stale or open.
block: something was looked at and is wrong. Reasons come in order of weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from migration_platform.readiness import find_undone
from migration_platform.rehearsal import CLOCKS, failed_drills, rolled_back, undrilled
from migration_platform.sign_off import find_missing
from migration_platform.threshold import exceeds, find_tripped, find_unfulfilled

VerdictWord = Literal["promote", "hold", "block"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may happen to a wave and why, in words. `waived`: differences that somebody accepts.

    The last `unsigned` reasons are sign-offs that are missing.
    """

    verdict: VerdictWord
    reasons: tuple[str, ...]
    waived: tuple[str, ...] = ()
    unsigned: int = 0

    @property
    def signable(self) -> bool:
        """Nothing but sign-offs is missing, if anything is."""
        return len(self.reasons) == self.unsigned

    @property
    def but_for(self) -> str:
        """What a good verdict does not cover."""
        return f"; waived: {', '.join(self.waived)}" if self.waived else ""

    def sentence(self, wave: str) -> str:
        """The first line of every page about the wave."""
        if self.verdict == "promote":
            return f"Wave {wave} may be promoted{self.but_for}."
        state = "is blocked" if self.verdict == "block" else "is held"
        more = f", and {len(self.reasons) - 1} more" if len(self.reasons) > 1 else ""
        return f"Wave {wave} {state}: {self.reasons[0]}{more}."


def decide(document: dict[str, Any], at: datetime) -> Verdict:
    """The verdict on an evidence document (`evidence.assemble`) at an instant.

    The instant counts only for freshness: the same document within its freshness limit has the same
    verdict on any machine.
    """
    blocking = [
        *_wrong(document),
        *_totals(document),
        *_wrong_charts(document),
        *failed_drills(document),
        *find_tripped(document, at),
    ]
    holding = [
        *_stopped(document),
        *rolled_back(document),
        *_unseen(document),
        *_unproved(document),
        *_inconclusive(document),
        *_stale(document, at),
        *undrilled(document, at),
        *_open(document),
        *_unjudged(document),
        *find_unfulfilled(document, at),
        *find_undone(document, at),
    ]
    unsigned = list(find_missing(document))
    reasons = (*blocking, *holding, *unsigned)
    verdict: VerdictWord = "block" if blocking else "hold" if reasons else "promote"
    return Verdict(verdict, reasons, tuple(_waived(document)), len(unsigned))


def _stopped(document: dict[str, Any]) -> Iterator[str]:
    """What people decided, or have not decided, about the wave as a whole."""
    wave, state = document["wave"], document["state"]
    if state["name"] == "held":
        yield (
            f"{state['person']} holds it since {state['at']}: {state['reason']}. End it with "
            f"`migration resume {wave}`"
        )
    if state["name"] == "rolled back":
        yield f"it was rolled back at {state['at']}: open it again with `migration open {wave}`"
    if not document["criteria"]["decided"]:
        yield "no criteria are decided for it: give it a [[wave]] in criteria.toml"
    changes = document["sealed"]["changes"]
    if changes:
        yield (
            f"what was decided before it opened has changed ({'; '.join(changes)}): put the files "
            f"back, or record why with `migration amend {wave}`"
        )
    begun = any(
        len(c["missing_stages"]) < 4 for c in document["cohorts"] if c["name"] != "reference"
    )
    if begun and document["sealed"]["seal"] is None:
        yield f"its criteria are not sealed: open it with `migration open {wave}`"


def _wrong(document: dict[str, Any]) -> Iterator[str]:
    """Looked at, and not fine."""
    for line in document["accounting"]:
        where = f"{line['entity']} in {line['cohort']}"
        for difference in line["differences"]:
            yield f"{where} does not balance: {difference}"
        found = [
            f"{line[name]:,} {name}"
            for name in ("mismatched", "missing", "unexpected")
            if line[name]
        ]
        if found and not _is_waived(document, line):
            yield f"{where} differs from what was sent: {', '.join(found)}"
    yield from _mapped_otherwise(document)
    for check in document["checks"]:
        if check["outcome"] in ("failed", "error"):
            state = "failed" if check["outcome"] == "failed" else "could not be run"
            point = "before load" if check["point"] == "transformed" else "in the destination"
            yield (
                f"{check['bad']} of {check['expectations']} expectations on {check['entity']} in "
                f"{check['cohort']} {state} {point}"
            )


def _mapped_otherwise(document: dict[str, Any]) -> Iterator[str]:
    """Sent otherwise than reconciliation reads the source, and not waived."""
    for each in document["reconciliation"]:
        clusters = [c for c in each["clusters"] if c["leg"] == "mapping" and not c["waived"]]
        if clusters:
            yield (
                f"{each['entity']} in {each['cohort']} was mapped otherwise than the source reads: "
                f"{each['round_trip']['differing']:,} records "
                f"({', '.join(dict.fromkeys(c['field'] for c in clusters))})"
            )


def _is_waived(document: dict[str, Any], line: dict[str, Any]) -> bool:
    """Every difference of an entity in a cohort is waived. A difference without a cluster is not."""
    clusters = [
        cluster
        for each in document["reconciliation"]
        if (each["cohort"], each["entity"]) == (line["cohort"], line["entity"])
        for cluster in each["clusters"]
    ]
    return bool(clusters) and all(cluster["waived"] for cluster in clusters)


def _waived(document: dict[str, Any]) -> Iterator[str]:
    """What is different and accepted, by whom and until when."""
    for each in document["reconciliation"]:
        for cluster in each["clusters"]:
            if waived := cluster["waived"]:
                where = f"{cluster['entity']}.{cluster['field']}".rstrip(".")
                yield (
                    f"{cluster['count']:,} {cluster['kind']} in {where} of {each['cohort']} "
                    f"(by {waived['person']}, until {waived['until'][:10]})"
                )


def _totals(document: dict[str, Any]) -> Iterator[str]:
    """Control totals on which the two platforms do not agree."""
    for each in document["reconciliation"]:
        for total in each.get("totals", []):
            if total["outcome"] != "differs":
                continue
            first = total["differing"][0]
            group = ", ".join("none" if v is None else v for v in first["group"])
            sums = " against ".join(
                f"{side['count']:,} records" + (f" with {side['total']}" if side["total"] else "")
                for side in (first["source"], first["destination"])
            )
            yield (
                f"the control total '{total['name']}' of {each['entity']} in {each['cohort']} "
                f"differs in {total['differing_groups']:,} of {total['groups']:,} groups, first in "
                f"({group or 'all'}): {sums} at the destination"
                + (f" ({total['reason']})" if total["reason"] else "")
            )


def _wrong_charts(document: dict[str, Any]) -> Iterator[str]:
    """Charts that a person looked at and found wrong."""
    for cohort, charts in _reviewed(document):
        wrong = [c["token"] for c in charts if c["judgement"] == "wrong"]
        if wrong:
            yield (
                f"cohort {cohort} has {_count_charts(wrong)} judged wrong: look with "
                f"`migration chart {wrong[0]}`"
            )


def _unjudged(document: dict[str, Any]) -> Iterator[str]:
    """Charts that were wrong and have changed since, and fewer judged than the wave demands."""
    for cohort, charts in _reviewed(document):
        again = [c["token"] for c in charts if c["judgement"] == "wrong before it changed"]
        if again:
            yield (
                f"cohort {cohort} has {_count_charts(again)} judged wrong and changed since: look again "
                f"with `migration chart {again[0]}`, and judge"
            )
    demanded = document["criteria"]["min_sample_charts"]
    for each in document["charts"] if demanded else ():
        sample, whole = each["sample"], each["completeness"]
        if whole is None:
            yield f"the charts of cohort {each['cohort']} cannot be looked at: run the cohort again"
            continue
        needed = min(demanded, whole["charts"])
        judged = 0
        if sample and not sample["outdated"]:
            judged = sum(
                c["is_random"] and c["judgement"] in ("right", "wrong") for c in sample["charts"]
            )
        if judged < needed:
            yield (
                f"{judged:,} random sample charts of cohort {each['cohort']} are judged, and the wave "
                f"demands {needed:,}: `migration sample-charts --cohort {each['cohort']}`"
            )


def _count_charts(names: list[str]) -> str:
    return f"{len(names):,} chart{'s' if len(names) != 1 else ''}"


def _reviewed(document: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for each in document["charts"]:
        if each["sample"]:
            yield each["cohort"], [*each["sample"]["charts"], *each["sample"]["earlier"]]


def _unseen(document: dict[str, Any]) -> Iterator[str]:
    """Not run, or run on other data than what is now there."""
    own = [c for c in document["cohorts"] if c["name"] != "reference"]
    if all(len(c["missing_stages"]) == 4 for c in own):
        yield f"nothing of it has been run: `migration run --wave {document['wave']}`"
        return
    for cohort in document["cohorts"]:
        if cohort["missing_stages"]:
            yield (
                f"cohort {cohort['name']} is not finished ({', '.join(cohort['missing_stages'])}): "
                f"run it with `migration run --cohort {cohort['name']}`"
            )
        elif not cohort["loaded"] and not cohort["may_be_empty"]:
            yield f"cohort {cohort['name']} has loaded no record: an empty cohort proves nothing"
        if cohort["unassigned"]:
            yield (
                f"{cohort['unassigned']:,} patients of the source belong to no cohort: add one to "
                "the last wave of waves.toml"
            )
        for what in cohort["outdated"]:
            yield f"{what} in cohort {cohort['name']}: run the cohort again"
        for found in cohort["night"]:
            yield f"in its last night, cohort {cohort['name']}: {found}"


def _unproved(document: dict[str, Any]) -> Iterator[str]:
    """Sent, and not read from the source a second time."""
    sent = {(a["cohort"], a["entity"]): count_sent(a) for a in document["accounting"]}
    for each in document["reconciliation"]:
        total = sent[each["cohort"], each["entity"]]
        compared = (each.get("round_trip") or {}).get("compared", 0)
        if compared < total:
            yield (
                f"the mapping of {total - compared:,} of {total:,} records of {each['entity']} in "
                f"{each['cohort']} was not proved from the source: run the cohort again"
            )


def _inconclusive(document: dict[str, Any]) -> Iterator[str]:
    """Reconciled by a comparison that has not shown what it finds."""
    certificates = {(r["cohort"], r["entity"]): r for r in document["reconciliation"]}
    for line in document["accounting"]:
        run = certificates.get((line["cohort"], line["entity"]))
        if run is None:
            continue
        why = explain_inconclusive(run.get("certificate"), count_sent(line))
        if why:
            yield f"the reconciliation of {line['entity']} in {line['cohort']} is inconclusive: {why}"


def count_sent(counts: Mapping[str, Any]) -> int:
    """How many records a reconciliation had to compare, from its counts."""
    return sum(counts.get(name) or 0 for name in ("matched", "mismatched", "missing"))


def explain_inconclusive(certificate: Mapping[str, Any] | None, sent: int) -> str:
    """Why a reconciliation's detection certificate proves nothing, and what to do; empty if it does.

    Where nothing was sent there was nothing to plant a fault in, and nothing to compare.
    """
    if not sent:
        return ""
    if certificate is None:
        return "no faults were planted to test its comparison; run the cohort again"
    planted, found, located = (certificate[n] for n in ("planted", "found", "located"))
    if not planted:
        return (
            "no record agrees on both sides, so there was none to plant a fault in; look into its "
            "differences, and run the cohort again"
        )
    said = []
    if not planted == found == located:
        said.append(
            f"of {planted:,} planted faults {found:,} were found and {located:,} located"
            + _name_few(certificate["missed"], "fault")
        )
    if certificate["false_alarms"]:
        said.append(
            f"{certificate['false_alarms']:,} of {certificate['benign']:,} benign changes were "
            "reported" + _name_few(certificate["alarmed"], "change")
        )
    if not said:
        return ""
    return (
        f"{' and '.join(said)}; the comparison itself is at fault: see what it misses with "
        "`migration faults`, mend it, and run the cohort again"
    )


def _name_few(entries: Any, kind: str) -> str:
    """The first few of them, with their fields."""
    named = [
        f"{each[kind]} in {each['field']}" if each["field"] else each[kind] for each in entries[:3]
    ]
    more = f" and {len(entries) - 3} more" if len(entries) > 3 else ""
    return f" ({', '.join(named)}{more})"


def _stale(document: dict[str, Any], at: datetime) -> Iterator[str]:
    limit = timedelta(hours=document["criteria"]["freshness_hours"])
    for cohort in document["cohorts"]:
        if cohort["reconciled_at"] is None:
            continue
        seen = datetime.fromisoformat(cohort["reconciled_at"])
        if at.astimezone(UTC) - seen > limit:
            yield (
                f"the reconciliation of cohort {cohort['name']} is older than "
                f"{document['criteria']['freshness_hours']:g} hours: run the cohort again"
            )
        elif seen > at + CLOCKS:
            yield (
                f"the reconciliation of cohort {cohort['name']} is dated in the future: set the "
                "clock, then run the cohort again"
            )


def _open(document: dict[str, Any]) -> Iterator[str]:
    """More records wait for a person than the wave's criteria allow."""
    unmapped = [e for e in document["exceptions"] if e["kind"] == "unmapped code"]
    number = sum(e["count"] for e in unmapped)
    if number > document["criteria"]["max_unmapped_codes"]:
        where = ", ".join(dict.fromkeys(f"{e['entity']}.{e['field']}" for e in unmapped))
        files = ", ".join(dict.fromkeys(e["rule"] for e in unmapped))
        yield (
            f"{number:,} records have a code that no code map translates ({where}: {files}): add "
            "a row for each, and run the cohort again"
        )
    extracted = sum(line["extracted"] or 0 for line in document["accounting"])
    excepted = sum(line["excepted"] or 0 for line in document["accounting"])
    percent = document["criteria"]["max_excepted_percent"]
    if extracted and exceeds(excepted, extracted, percent):
        held = [e for e in document["exceptions"] if e.get("stage", "transform") == "transform"]
        top = next((e for e in held if e["kind"] != "difference"), None)
        most = (
            f"; most: {top['count']:,} in {top['entity']}"
            + (f".{top['field']}" if top["field"] else "")
            + f" ({top['rule']})"
            if top
            else ""
        )
        yield (
            f"{excepted:,} of {extracted:,} records wait in the exception queue, and the wave "
            f"allows {percent:g} %{most}"
        )
