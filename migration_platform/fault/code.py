"""Code: codes, code systems, status, flags, units, negation, and who wrote or answers for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from migration_platform.fault.fault import (
    ANY,
    REFERENCE,
    TEXT,
    Fault,
    Row,
    Value,
    draw_id,
    fault,
    of_text,
)
from migration_platform.fault.key import lose, swap, tell_apart

CODES = ("active", "inactive", "resolved", "male", "female", "mild", "severe", "314076", "8867-4")
DOSES = ("10 mg", "0.5 mg", "250 ml", "2 tablets", "40 units")
ROUTES = ("oral", "subcutaneous", "topical", "intramuscular")
OPPOSITE = {
    "active": "resolved", "resolved": "active", "inactive": "active", "completed": "stopped",
    "stopped": "completed", "true": "false", "false": "true", "yes": "no", "no": "yes",
    "opt-in": "opt-out", "opt-out": "opt-in", "granted": "withdrawn", "withdrawn": "granted",
    "final": "preliminary", "preliminary": "final", "high": "low", "low": "high",
}  # fmt: skip
UNITS = {"mg": "g", "g": "mg", "mg/dL": "mmol/L", "kg": "lb", "cm": "in", "Cel": "[degF]",
         "%": "1", "mL": "L"}  # fmt: skip


def _is_code(name: str) -> bool:
    return name.endswith(("code", "status", "type", "class"))


def _is_display(name: str) -> bool:
    return name.endswith(("description", "text", "title", "name"))


def _is_severity(name: str) -> bool:
    return "severity" in name or "criticality" in name


def _is_person(name: str) -> bool:
    return name.startswith(("author", "practitioner", "signed", "signer", "cosigner"))


def _is_consent(name: str) -> bool:
    return "consent" in name or name.endswith(("_code", "allowed", "enabled"))


def _is_text(name: str) -> bool:
    return name != "source_id"


def _pick(words: Sequence[str], but: str, random: Random) -> str:
    return random.choice([w for w in words if w != but])


def _opposite(text: str, random: Random) -> str | None:
    return OPPOSITE.get(text.lower())


def _another_unit(text: str, random: Random) -> str | None:
    return UNITS.get(text)


def _lose_negation(text: str, random: Random) -> str | None:
    changed = re.sub(
        r"\b(?:no known|no|not|denies|without|never)\s+", "", text, count=1, flags=re.I
    )
    return changed if changed != text else None


def _another_version(text: str, random: Random) -> str | None:
    found = re.search(r"\|(\d+)$", text)
    return text[: found.start(1)] + str(int(found[1]) + 1) if found else None


def _another_system(text: str, random: Random) -> str | None:
    found = re.match(r"(https?://[^|]+)\|", text)
    return text.replace("http://", "urn:", 1) if found else None


def _count(text: str, random: Random) -> str | None:
    return str(int(text) + random.choice([1, 2])) if re.fullmatch(r"\d{1,9}", text) else None


def _change_display(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """Of two fields, the first is another and the second as it was."""
    row, name = rows[0], names[0]
    text = row[name]
    return [{**row, name: _pick(CODES, str(text), random)}] if isinstance(text, str) else None


def _both(first: Sequence[str], second: Sequence[str]) -> Fault:
    """Two words of a prescription in each other's field."""

    def prepare(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row]:
        drawn = {names[0]: random.choice(first), names[1]: random.choice(second)}
        return [{**r, **drawn} for r in rows]

    def mutate(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
        row, (a, b) = rows[0], names
        return None if row[a] == row[b] else [{**row, a: row[b], b: row[a]}]

    return Fault(
        "dose and route exchanged", "codes", "dose, route or frequency stand in each other's field",
        ("medication dose/route/frequency swapped",), mutate, (TEXT, TEXT), named=_is_text,
        prepare=prepare,
    )  # fmt: skip


def _draw(words: Sequence[str]) -> Callable[[Random], Value]:
    return lambda random: random.choice(words)


SEVERITIES = ("mild", "moderate", "severe")

CODE_FAULTS: tuple[Fault, ...] = (
    *(
        fault(name, "codes", sentence, covered, of_text(change), TEXT, make=make, named=named)
        for name, sentence, covered, change, make, named in (
            ("another code", "another code of the same map stands there",
             ("code map wrong/collapsed/unmapped default", "wrong content type",
              "retention class wrong"),
             lambda t, r: _pick(CODES, t, r), _draw(CODES), _is_code),
            ("code collapsed", "two codes became one: other, or unknown",
             ("code map wrong/collapsed/unmapped default",),
             lambda t, r: r.choice(["other", "unknown", "UNK"]), _draw(CODES), _is_code),
            ("another digit in a code", "one digit of a code is another",
             ("code map wrong/collapsed/unmapped default",),
             lambda t, r: re.sub(r"\d(?=\D*$)", lambda m: str((int(m[0]) + r.randint(1, 9)) % 10), t),
             lambda r: str(r.randint(10**6, 10**9)), _is_text),
            ("another code system", "the code is that of another code system",
             ("code-system URI changed",), _another_system,
             lambda r: f"http://snomed.info/sct|{r.randint(10**6, 10**9)}", _is_text),
            ("another version", "the code is that of another version", ("version changed",),
             _another_version, lambda r: f"8867-4|{r.randint(1, 9)}", _is_text),
            ("state reversed", "active became resolved, final preliminary, or back",
             ("status enum contradictory (002)", "problem active/resolved"), _opposite,
             _draw(tuple(OPPOSITE)), _is_code),
            ("severity changed", "another severity stands there", ("allergy severity lost",),
             lambda t, r: _pick(SEVERITIES, t, r), _draw(SEVERITIES), _is_severity),
            ("nothing known for none known", "the allergy that was ruled out is now unknown",
             ('"no known allergies" vs unknown',),
             lambda t, r: "unknown" if t.lower().startswith("no known") else None,
             _draw(("No known allergies", "no known drug allergies")), _is_text),
            ("negation lost", "a no or a not is gone", ("negation lost",), _lose_negation,
             _draw(("no known allergies", "denies chest pain", "not pregnant")), _is_text),
            ("count changed", "one refill or fill more or less than was sent",
             ("refill counts/last fill",), _count, lambda r: str(r.randint(0, 11)), _is_text),
            ("preference reversed", "a consent or a wish is the other way round",
             ("consent & communication preference flipped",), _opposite,
             _draw(("opt-in", "opt-out", "granted", "withdrawn")), _is_consent),
            ("another unit of measure", "the number is as sent, and its unit is another",
             ("units on lab result",), _another_unit, _draw(tuple(UNITS)), _is_text),
        )
    ),
    fault("code lost", "codes", "a code was sent, and there is none",
          ("code map wrong/collapsed/unmapped default",), lose, TEXT, make=_draw(CODES),
          named=_is_code),
    fault("severity lost", "codes", "a severity was sent, and there is none",
          ("allergy severity lost",), lose, TEXT, make=_draw(SEVERITIES), named=_is_severity),
    fault("unit lost", "codes", "a unit was sent, and there is none", ("units on lab result",),
          lose, TEXT, make=_draw(tuple(UNITS)), named=lambda name: "unit" in name),
    fault("author lost", "codes", "nobody wrote it or answers for it any more",
          ("note author/co-signer/time lost", "encounter without provider"), lose, REFERENCE,
          make=draw_id, named=_is_person),
    Fault("author swapped", "codes", "two records have each other's author",
          ("note author/co-signer/time lost", "metadata (author, date, type) changed"), swap, (REFERENCE,), 2, _is_person, tell_apart),
    fault("value lost", "codes", "a value was sent, and there is none",
          ("sensitive-note flag lost",), lose, ANY),
    Fault("display kept, code changed", "codes", "the words are as sent, and the code is another",
          ("display kept, code changed",), _change_display, (TEXT,), named=_is_code),
    Fault("code kept, display changed", "codes", "the code is as sent, and the words are another's",
          ("display kept, code changed",), _change_display, (TEXT,), named=_is_display),
    _both(DOSES, ROUTES),
)  # fmt: skip
