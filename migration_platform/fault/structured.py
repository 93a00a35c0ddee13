"""Structured: faults inside a text that holds JSON.

Whether the order of an object's keys counts is a matter of the field's declared equality; the order
of an array's elements always does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from migration_platform.fault.fault import TEXT, UNFIT, Fault, Value, ValueMutator, _Unfit, fault

Parsed = dict[str, Any]


def draw_document(random: Random) -> Value:
    """A small document as a questionnaire or an extension field holds one."""
    return json.dumps(
        {
            "status": random.choice(["draft", "final"]),
            "score": random.randint(1, 40),
            "weight": round(random.uniform(40, 140), 1),
            "answers": random.sample(["never", "seldom", "often", "always"], 3),
            "contact": {"name": f"Person {random.randint(1, 999)}", "phone": None},
            "extension": [{"url": "urn:consent", "value": True}],
        }
    )


def _of_json(change: Callable[[Parsed, Random], str | Parsed | None]) -> ValueMutator:
    """A mutator of texts that hold a JSON object; `change` gives a text or the changed object."""

    def mutate(value: Any, random: Random) -> Value | _Unfit:
        if not isinstance(value, str) or not value.startswith("{"):
            return UNFIT
        try:
            parsed = json.loads(value)
        except ValueError:
            return UNFIT
        changed = change(parsed, random)
        if changed is None:
            return UNFIT
        text = changed if isinstance(changed, str) else json.dumps(changed)
        return UNFIT if text == value else text

    return mutate


def _change_value(document: Parsed, random: Random) -> Parsed:
    return {**document, "score": document.get("score", 0) + 1}


def _change_deep(document: Parsed, random: Random) -> Parsed | None:
    contact = document.get("contact")
    return {**document, "contact": {**contact, "name": "Nobody"}} if contact else None


def _drop_key(document: Parsed, random: Random) -> Parsed:
    gone = random.choice(sorted(document))
    return {k: v for k, v in document.items() if k != gone}


def _turn_array(document: Parsed, random: Random) -> Parsed | None:
    answers = document.get("answers")
    return {**document, "answers": answers[::-1]} if answers else None


def _number_as_text(document: Parsed, random: Random) -> Parsed | None:
    return {**document, "score": str(document["score"])} if "score" in document else None


def _repeat_key(document: Parsed, random: Random) -> str:
    return json.dumps(document)[:-1] + ', "status": "void"}'


def _drop_null(document: Parsed, random: Random) -> Parsed | None:
    contact = document.get("contact")
    if not contact or "phone" not in contact:
        return None
    return {**document, "contact": {k: v for k, v in contact.items() if k != "phone"}}


def _drop_extension(document: Parsed, random: Random) -> Parsed | None:
    return (
        {k: v for k, v in document.items() if k != "extension"} if "extension" in document else None
    )


def _flip(document: Parsed, random: Random) -> Parsed | None:
    extension = document.get("extension")
    return {**document, "extension": [{**extension[0], "value": False}]} if extension else None


def _round(document: Parsed, random: Random) -> Parsed | None:
    weight = document.get("weight")
    return (
        None if weight is None or weight == round(weight) else {**document, "weight": round(weight)}
    )


def _escape_twice(document: Parsed, random: Random) -> str:
    return json.dumps(json.dumps(document))


def _break_off(document: Parsed, random: Random) -> str:
    return json.dumps(document)[:-2]


STRUCTURED: tuple[Fault, ...] = tuple(
    fault(name, "structured", sentence, (covered,), _of_json(change), TEXT, make=draw_document)
    for name, sentence, covered, change in (
        ("JSON value changed", "a value inside is another", "value change", _change_value),
        ("JSON nested value changed", "a value in an inner object is another", "value change",
         _change_deep),
        ("JSON flag flipped", "true became false inside", "value change", _flip),
        ("JSON number rounded", "a number inside was rounded", "value change", _round),
        ("JSON key missing", "a key is gone", "key missing", _drop_key),
        ("JSON array in another order", "the elements of an array stand in another order",
         "array reorder (benign or not by schema)", _turn_array),
        ("JSON number as text", "a number became a text", "number-as-string", _number_as_text),
        ("JSON key twice", "a key stands there twice, with two values", "duplicate keys",
         _repeat_key),
        ("JSON null dropped", "a key with null is gone", "nested null vs absent", _drop_null),
        ("JSON extension dropped", "an extension is gone", "extension dropped", _drop_extension),
        ("JSON as a text in JSON", "the whole document became one quoted text", "value change",
         _escape_twice),
        ("JSON broken off", "the end of the document is not there", "value change", _break_off),
    )
)  # fmt: skip
