"""A torn CSV file is refused with its name and line; a whole one passes unchanged."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_platform.errors import SourceError
from migration_platform.sample import csv_file
from migration_platform.sample.csv_file import CsvFile

HEADER = b"Id,NAME,CITY\n"


def read(path: Path) -> bytes:
    file = CsvFile(path)
    try:
        return b"".join(file.records())
    finally:
        file.close()


TORN: dict[str, tuple[bytes, int, str]] = {
    "too few fields": (HEADER + b"1,Ann,Lynn\n2,Bob\n3,Cy,Rome\n", 3, "has 2 fields, the header names 3"),
    "too many fields": (HEADER + b"1,Ann,Lynn,MA\n", 2, "has 4 fields"),
    "an empty line": (HEADER + b"1,Ann,Lynn\n\n2,Bob,Rome\n", 3, "has 1 field,"),
    "cut in the middle": (HEADER + b"1,Ann,Lynn\n2,Bo", 3, "has 2 fields"),
    "cut in the last field": (HEADER + b"1,Ann,Lynn\n2,Bob,Ro", 3, "ends without a line end"),
    "cut in a quote": (HEADER + b'1,Ann,Lynn\n2,"Bo', 3, "never closed"),
    "a quote never closed": (HEADER + b'1,"Ann,Lynn\n2,Bob,"Rome"\n3,"Cy",Rome\n', 2, "never closed"),
    "a quote within a field": (HEADER + b'1,An"n,Lynn\n2,Bo"b,Rome\n', 2, "a quote stands inside"),
    "text after a quote": (HEADER + b'1,"Ann"e,Lynn\n', 2, "a quote stands inside"),
    "not UTF-8": (HEADER + b"1,Ann,Lynn\n2,Ren\xe9e,Rome\n", 3, "is not UTF-8"),
    "a NUL": (HEADER + b"1,Ann,Lynn\n2,B\0b,Rome\n", 3, "NUL"),
    "zeros at the end": (HEADER + b"1,Ann,Lynn\n" + b"\0" * 40, 3, "NUL"),
    "a stray carriage return": (HEADER + b"1,An\rn,Lynn\n", 2, "carriage return"),
    "an empty file": (b"", 1, "the file is empty"),
    "half a header": (b"Id,NAM", 1, "the header has no line end"),
    "a header without a name": (b"Id,,CITY\n1,Ann,Lynn\n", 1, "a column without a name"),
    "a header that is not UTF-8": (b"Id,N\xffME\n", 1, "not UTF-8"),
    "a record of several lines": (HEADER + b'1,"An\nn",Lynn\n2,"B\nob"\n', 4, "has 2 fields"),
}  # fmt: skip


@pytest.mark.parametrize("block", [13, 4096])
@pytest.mark.parametrize("case", TORN)
def test_a_torn_file_is_refused_with_name_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, block: int
) -> None:
    content, line, words = TORN[case]
    path = tmp_path / "encounters.csv"
    path.write_bytes(content)
    monkeypatch.setattr(csv_file, "BLOCK", block)

    with pytest.raises(SourceError) as caught:
        read(path)

    assert str(caught.value).startswith(f"encounters.csv, line {line}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("case", TORN)
def test_no_message_holds_a_value(tmp_path: Path, case: str) -> None:
    path = tmp_path / "encounters.csv"
    path.write_bytes(TORN[case][0])

    with pytest.raises(SourceError) as caught:
        read(path)

    assert not any(name in str(caught.value) for name in ("Ann", "Bob", "Lynn", "Rome"))


def test_a_quote_that_swallows_a_large_file_is_found_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_file, "BLOCK", 1000)
    monkeypatch.setattr(csv_file, "LONGEST_RECORD", 5000)
    path = tmp_path / "notes.csv"
    path.write_bytes(HEADER + b"1,Ann,Lynn\n" + b'2,"Bob,Rome\n' + b"3,Cy,Rome\n" * 10_000)

    with pytest.raises(SourceError, match="line 3: a quote is opened and never closed"):
        read(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (HEADER + b"1,Ann,Lynn\n", b"1,Ann,Lynn\n"),
        (b"\xef\xbb\xbf" + HEADER + b"1,Ann,Lynn\n", b"1,Ann,Lynn\n"),
        (b"Id,NAME,CITY\r\n1,Ann,Lynn\r\n2,,\r\n", b"1,Ann,Lynn\n2,,\n"),
        (HEADER + b'1,"A, ""B""\r\nC",\n', b'1,"A, ""B""\r\nC",\n'),
        (HEADER + b'1,"",""""\n', b'1,"",""""\n'),
        (HEADER, b""),
    ],
)
def test_a_whole_file_passes_with_plain_line_ends(
    tmp_path: Path, content: bytes, expected: bytes
) -> None:
    path = tmp_path / "patients.csv"
    path.write_bytes(content)

    assert CsvFile(path).header == ("Id", "NAME", "CITY")
    assert read(path) == expected


def test_every_byte_is_shown_to_who_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "patients.csv"
    path.write_bytes(HEADER + b"1,Ann,Lynn\n")
    seen = bytearray()

    list(CsvFile(path, seen.extend).records())

    assert bytes(seen) == path.read_bytes()


TEXT = st.text(st.sampled_from('ab ,"\n\r\té€'), max_size=6)


@given(
    rows=st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=12),
    ends=st.sampled_from(["\n", "\r\n"]),
    block=st.integers(13, 60),
)
def test_what_a_csv_writer_wrote_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, str]],
    ends: str,
    block: int,
) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator=ends, quoting=csv.QUOTE_ALL).writerows(rows)
    path = tmp_path_factory.mktemp("csv") / "patients.csv"
    path.write_bytes(HEADER + written.getvalue().encode())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "BLOCK", block)
        passed = read(path).decode()

    assert [tuple(row) for row in csv.reader(io.StringIO(passed, newline=""))] == rows


def test_a_file_cut_anywhere_is_refused_or_cut_between_two_lines(tmp_path: Path) -> None:
    chance = random.Random(5)
    body = b"".join(b'%d,"Ann, ""B""",Lynn\n' % n for n in range(40))
    path = tmp_path / "patients.csv"
    for _ in range(120):
        cut = chance.randrange(len(HEADER), len(HEADER + body))
        path.write_bytes((HEADER + body)[:cut])
        if (HEADER + body)[:cut].endswith(b"\n"):
            read(path)
        else:
            with pytest.raises(SourceError, match=r"patients.csv, line \d+: "):
                read(path)
