"""Text: spaces, letter case, accents, encodings, lengths, literals, delimiters, normalization.

Each mutator takes the text that was sent and gives the one that is found, or None where the text
has nothing of the kind.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from migration_platform.fault.fault import (
    TEXT,
    UNFIT,
    Fault,
    Row,
    Value,
    _Unfit,
    fault,
    of_text,
)

WORDS = ("Lantern", "harbour", "quiet", "Meadow", "seven", "Copper", "window", "orchard", "Nine")
ACCENTED = ("Zoë", "Núñez", "Müller", "Françoise", "Łukasz", "Åse", "crème brûlée")
SIGNS = ("|", "^", "&", "~", "\\", ";", ",", "\t", '"')
PLACE = 255
"""Characters of a column that was made too short; 4,000 is the next usual one."""

Change = Callable[[str, Random], "str | None"]
Make = Callable[[Random], Value]


def phrase(random: Random) -> str:
    """A few words."""
    return " ".join(random.sample(WORDS, 3))


def _accented(random: Random) -> str:
    return f"{random.choice(ACCENTED)} {random.choice(WORDS)}"


def _long(length: int) -> Make:
    def make(random: Random) -> Value:
        return " ".join(random.choice(WORDS) for _ in range(length // 4))[: length + 40] + "."

    return make


def _lines(end: str) -> Make:
    return lambda random: f"{phrase(random)}{end}{phrase(random)}"


def _with(sign: str) -> Make:
    return lambda random: f"{phrase(random)}{sign}{phrase(random)}"


def _insert(*signs: str) -> Change:
    """One of the signs somewhere inside."""

    def change(text: str, random: Random) -> str | None:
        if len(text) < 2:
            return None
        at = random.randint(1, len(text) - 1)
        return text[:at] + random.choice(signs) + text[at:]

    return change


def _replace(old: str, *new: str) -> Change:
    return lambda text, random: text.replace(old, random.choice(new)) if old in text else None


def _cut(length: int) -> Change:
    return lambda text, random: text[:length] if len(text) > length else None


def _cut_somewhere(text: str, random: Random) -> str | None:
    return text[: random.randint(1, len(text) - 1)] if len(text) > 1 else None


def _strip_accents(text: str, random: Random) -> str:
    plain = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in plain if not unicodedata.combining(c)))


def _misread(text: str, random: Random) -> str | None:
    """UTF-8 read as Windows-1252."""
    try:
        return text.encode().decode("cp1252")
    except UnicodeDecodeError:
        return None


def _misread_twice(text: str, random: Random) -> str | None:
    once = _misread(text, random)
    return None if once in (None, text) else _misread(str(once), random)


def _lose_wide(text: str, random: Random) -> str | None:
    """What a three-byte UTF-8 does with a sign of four: question marks, or cut there."""
    wide = re.search(r"[\U00010000-\U0010ffff]", text)
    if not wide:
        return None
    cut = text[: wide.start()]
    return random.choice([re.sub(r"[\U00010000-\U0010ffff]", "?", text), cut or "?"])


def _lose_emoji(text: str, random: Random) -> str | None:
    """A sign written as two halves that no reader puts together again."""
    found = re.sub(r"[\U00010000-\U0010ffff]", random.choice(["", "\ufffd\ufffd"]), text)
    return found if found != text else None


def _smarten(text: str, random: Random) -> str | None:
    pairs = {"'": "\u2019", '"': "\u201d", "-": "\u2013", "\u2019": "'", "\u201c": '"'}
    return "".join(pairs.get(c, c) for c in text)


def _escape(text: str, random: Random) -> str | None:
    return html.escape(text)


def _unescape(text: str, random: Random) -> str | None:
    return html.unescape(text)


def _backslash(text: str, random: Random) -> str | None:
    return re.sub(r"([\\'\"\n])", lambda m: "\\" + m[1].replace("\n", "n"), text)


def _split_at_sign(text: str, random: Random) -> str | None:
    """Only what stands before the first delimiter."""
    found = re.search(r"[|^&~]", text)
    return text[: found.start()] or None if found else None


def _escape_sign(text: str, random: Random) -> str | None:
    names = {"|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
    return "".join(names.get(c, c) for c in text)


def _drop_signs(text: str, random: Random) -> str | None:
    """Only letters and digits, as a normalization of telephone numbers leaves them."""
    kept = re.sub(r"[^\w\s]", "", text)
    return kept or None


def _abbreviate(text: str, random: Random) -> str | None:
    short = {"Street": "St", "Avenue": "Ave", "Road": "Rd", "North": "N", "Apartment": "Apt"}
    return re.sub(r"\b(Street|Avenue|Road|North|Apartment)\b", lambda m: short[m[1]], text)


def _lose_extension(text: str, random: Random) -> str | None:
    return re.sub(r"\s*(?:x|ext\.?|#)\s*\d+$", "", text)


def _shift(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """The end of one field stands at the beginning of the next."""
    row, (a, b) = rows[0], names
    one, two = row[a], row[b]
    if not isinstance(one, str) or not isinstance(two, str) or len(one) < 2:
        return None
    cut = random.randint(1, len(one) - 1)
    return [{**row, a: one[:cut], b: one[cut:] + two}]


def _move(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """The text stands in a field where nothing was, and not in its own."""
    row, (a, b) = rows[0], names
    return None if row[a] is None or row[b] is not None else [{**row, a: None, b: row[a]}]


def _literal(word: str) -> Callable[[Any, Random], Value | _Unfit]:
    """The word for "nothing" as a text where there was none."""
    return lambda value, random: word if value is None else UNFIT


def _nothing(random: Random) -> Value:
    return None


def _case(name: str, sentence: str, change: Change) -> Fault:
    return fault(name, "strings", sentence, ("case",), of_text(change), TEXT, make=phrase)


STRINGS: tuple[Fault, ...] = (
    *(
        fault(name, "strings", sentence, (covered,), of_text(change), TEXT, make=make)
        for name, sentence, covered, change, make in (
            ("space at the end", "a space stands at the end", "trailing space/newline",
             lambda t, r: t + " " * r.randint(1, 3), phrase),
            ("newline at the end", "a line end stands at the end", "trailing space/newline",
             lambda t, r: t + r.choice(["\n", "\r\n"]), phrase),
            ("space at the beginning", "a space stands at the beginning", "leading space",
             lambda t, r: " " + t, phrase),
            ("space lost", "the space around a text is gone", "trailing space/newline",
             lambda t, r: t.strip(), lambda r: f" {phrase(r)} "),
            ("no-break space", "a space became a no-break space", "NBSP, zero-width, tab",
             _replace(" ", "\u00a0"), phrase),
            ("tab for space", "a space became a tab", "NBSP, zero-width, tab",
             _replace(" ", "\t"), phrase),
            ("two spaces for one", "a space became two", "NBSP, zero-width, tab",
             _replace(" ", "  "), phrase),
            ("zero-width sign", "an invisible sign stands inside", "NBSP, zero-width, tab",
             _insert("\u200b", "\u200d", "\u2060", "\ufeff"), phrase),
            ("line ends to CRLF", "LF became CRLF", "CRLF/LF", _replace("\n", "\r\n"), _lines("\n")),
            ("line ends to LF", "CRLF became LF", "CRLF/LF", _replace("\r\n", "\n"), _lines("\r\n")),
            ("line ends lost", "a line end became a space", "CRLF/LF", _replace("\n", " "), _lines("\n")),
            ("accents lost", "letters lost their accents", "accent", _strip_accents, _accented),
            ("decomposed", "NFC became NFD", "NFC/NFD",
             lambda t, r: unicodedata.normalize("NFD", t), _accented),
            ("composed", "NFD became NFC", "NFC/NFD",
             lambda t, r: unicodedata.normalize("NFC", t),
             lambda r: unicodedata.normalize("NFD", _accented(r))),
            ("compatibility form", "a ligature or a wide letter became plain ones", "NFC/NFD",
             lambda t, r: unicodedata.normalize("NFKC", t), _with("\ufb01\uff21")),
            ("wrong encoding", "UTF-8 was read as Windows-1252", "mojibake/double-encoding",
             _misread, lambda r: f"Zoë {phrase(r)}"),
            ("wrong encoding twice", "UTF-8 was read as Windows-1252, twice",
             "mojibake/double-encoding", _misread_twice, lambda r: f"Zoë {phrase(r)}"),
            ("unreadable letters", "accented letters became replacement signs",
             "mojibake/double-encoding",
             lambda t, r: re.sub(r"[^\x00-\x7f]", r.choice(["?", "\ufffd"]), t), _accented),
            ("four-byte signs lost", "a column of three-byte UTF-8 lost a sign of four",
             "utf8mb3→4 loss", _lose_wide, _with(" 🩺 ")),
            ("emoji broken", "an emoji is gone, or two replacement signs", "emoji/surrogates",
             _lose_emoji, _with(" 💊 ")),
            ("quotes exchanged", "straight quotes became curved ones, or back", "smart quotes",
             _smarten, _with("'s ")),
            ("cut at 255", "only 255 characters are there", "truncation 255/4000/LOB partial",
             _cut(PLACE), _long(PLACE)),
            ("cut at 4000", "only 4,000 characters are there", "truncation 255/4000/LOB partial",
             _cut(4000), _long(4000)),
            ("long text in half", "only the first half of a long text is there",
             "truncation 255/4000/LOB partial",
             lambda t, r: t[: len(t) // 2] if len(t) > 1000 else None, _long(2000)),
            ("cut somewhere", "the end is not there", "silent max-length", _cut_somewhere, phrase),
            ("last sign lost", "the last character is not there", "silent max-length",
             lambda t, r: t[:-1] or None, phrase),
            ("first sign lost", "the first character is not there", "silent max-length",
             lambda t, r: t[1:] or None, phrase),
            ("HTML escaped", "signs became HTML entities", "escape/HTML entities",
             _escape, _with(" <&> ")),
            ("HTML unescaped", "HTML entities became signs", "escape/HTML entities",
             _unescape, _with(" &amp; ")),
            ("backslashes added", "quotes and line ends were escaped", "escape/HTML entities",
             _backslash, _with("'s\n")),
            ("cut at a delimiter", "only what stood before a delimiter is there",
             "delimiter inside value (`|`, `^`, `&`, `~`)", _split_at_sign, _with("|")),
            ("delimiter escaped", "a delimiter inside the value was escaped",
             "delimiter inside value (`|`, `^`, `&`, `~`)", _escape_sign, _with("^")),
            ("delimiter inside", "a delimiter stands inside that was not sent",
             "delimiter inside value (`|`, `^`, `&`, `~`)", _insert(*SIGNS), phrase),
            ("signs dropped", "only letters and digits are left",
             "regex/phone/address normalization that loses meaning", _drop_signs,
             lambda r: f"+1 ({r.randint(200, 999)}) 555-{r.randint(1000, 9999)}"),
            ("abbreviated", "words of an address were shortened",
             "regex/phone/address normalization that loses meaning", _abbreviate,
             lambda r: f"{r.randint(1, 99)} North {r.choice(WORDS)} Street"),
            ("extension lost", "the extension of a telephone number is gone",
             "regex/phone/address normalization that loses meaning", _lose_extension,
             lambda r: f"+1 617 555 {r.randint(1000, 9999)} x{r.randint(1, 99)}"),
        )
    ),
    _case("upper case", "the letters are capitals", lambda t, r: t.upper()),
    _case("lower case", "the letters are small", lambda t, r: t.lower()),
    _case("title case", "each word begins with a capital", lambda t, r: t.title()),
    *(
        fault(
            f"literal {word}",
            "strings",
            f"nothing was sent, and the text {word} is there",
            ("`NULL`, `null`, `<null>`, `N/A` literals",),
            _literal(word),
            TEXT,
            make=_nothing,
        )
        for word in ("NULL", "null", "<null>", "N/A")
    ),
    fault(
        "null to empty",
        "strings",
        "nothing was sent, and an empty text is there",
        ("empty vs NULL both ways",),
        lambda value, random: "" if value is None else UNFIT,
        TEXT,
        make=_nothing,
    ),
    fault(
        "empty to null",
        "strings",
        "an empty text was sent, and nothing is there",
        ("empty vs NULL both ways",),
        lambda value, random: None if value == "" else UNFIT,
        TEXT,
        make=lambda random: "",
    ),
    fault(
        "value to empty",
        "strings",
        "a text was sent, and an empty one is there",
        ("empty vs NULL both ways",),
        of_text(lambda text, random: ""),
        TEXT,
        make=phrase,
    ),
    Fault(
        "boundary shifted",
        "strings",
        "the end of a field stands at the beginning of the next",
        ("boundary shift between columns",),
        _shift,
        (TEXT, TEXT),
        named=lambda name: name != "source_id",
        prepare=lambda rows, names, random: [
            {**r, **{n: phrase(random) for n in names}} for r in rows
        ],
    ),
    Fault(
        "text in another field",
        "strings",
        "the text stands in a field that was empty, and not in its own",
        ("columns swapped", "note text to routing field"),
        _move,
        (TEXT, TEXT),
        named=lambda name: name != "source_id",
        prepare=lambda rows, names, random: [
            {**r, names[0]: phrase(random), names[1]: None} for r in rows
        ],
    ),
)  # fmt: skip
