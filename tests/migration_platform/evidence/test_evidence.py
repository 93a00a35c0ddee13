"""The text of an evidence document: one for one document, on any machine."""

from __future__ import annotations

from migration_platform.evidence.evidence import canonical


def test_the_text_is_json_with_sorted_keys_and_no_spaces_in_every_part() -> None:
    document = {
        "wave": "pilot",
        "checks": [{"point": "destination", "bad": 0}, {"point": "transformed", "bad": None}],
        "criteria": {"sign_offs": ["clinical lead"], "go": []},
        "cohorts": (),
        "said": 'Öl "roh"',
    }

    text = canonical(document)

    assert text == (
        '{"checks":[{"bad":0,"point":"destination"},{"bad":null,"point":"transformed"}],'
        '"cohorts":[],"criteria":{"go":[],"sign_offs":["clinical lead"]},'
        '"said":"Öl \\"roh\\"","wave":"pilot"}'
    )
