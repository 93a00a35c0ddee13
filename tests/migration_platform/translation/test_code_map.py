"""Code maps: what they translate, what they refuse, and what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration_platform.errors import ConfigurationError
from migration_platform.translation import boolean, code
from migration_platform.translation.code_map import read_code_map


def write(folder: Path, *rows: str) -> Path:
    path = folder / "sex.csv"
    path.write_text("\n".join(["source_code,destination_code,note", *rows, ""]), encoding="utf-8")
    return path


def test_letter_case_and_space_do_not_matter(tmp_path: Path, apply) -> None:
    sex = code("X", write(tmp_path, "F,female,", "M,male,as on the form"))

    assert apply(sex, ["F", "f", " F ", "M", None, ""]) == [
        ("female", None),
        ("female", None),
        ("female", None),
        ("male", None),
        (None, None),
        (None, None),
    ]


def test_a_code_without_a_row_is_a_problem_that_does_not_tell_the_code(
    tmp_path: Path, apply
) -> None:
    sex = code("X", write(tmp_path, "F,female,"))

    assert apply(sex, ["Q7"]) == [(None, "no translation in code_maps/sex.csv")]


def test_the_file_counts_in_the_digest(tmp_path: Path) -> None:
    path = write(tmp_path, "F,female,")

    assert code("X", path).files == (path,)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (("F,female,", "M,male,", " f ,woman,"), "sex.csv:4: source code 'f' stands on line 2"),
        (("F,female",), "sex.csv:2: a row needs"),
        (("F,,",), "sex.csv:2: a row needs"),
        ((",female,",), "sex.csv:2: a row needs"),
        ((), "the code map has no rows"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(
    tmp_path: Path, rows: tuple[str, ...], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        read_code_map(write(tmp_path, *rows))


def test_another_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sex.csv"
    path.write_text("from,to\nF,female\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"sex\.csv:1: the header must be source_code"):
        read_code_map(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.csv: code map cannot be read"):
        read_code_map(tmp_path / "none.csv")


def test_yes_and_no_in_the_usual_spellings(apply) -> None:
    assert apply(boolean("X"), ["Yes", "t", "1", "NO", "false", "0", None, "maybe"]) == [
        (True, None),
        (True, None),
        (True, None),
        (False, None),
        (False, None),
        (False, None),
        (None, None),
        (None, "neither yes nor no"),
    ]
