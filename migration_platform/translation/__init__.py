"""Translation: how one destination value is made of source text. What an entity file is written in.

Each function takes a source column's name and returns a `Translation`: the rule as a sentence, the
value and the problem as Polars expressions. Source columns are text; a value is trimmed first, and
an empty one is no value: null, without a problem. A value that is there and cannot be translated is
a problem in fixed words (never the value), and its record goes to the exception queue.
"""

from migration_platform.translation.amount import decimal, integer, money, number_within
from migration_platform.translation.code_map import boolean, code
from migration_platform.translation.contact import email, phone, postal_code
from migration_platform.translation.day import date
from migration_platform.translation.instant_text import instant, local_time
from migration_platform.translation.word import constant, filled, first_of, identifier, text

__all__ = [
    "boolean",
    "code",
    "constant",
    "date",
    "decimal",
    "email",
    "filled",
    "first_of",
    "identifier",
    "instant",
    "integer",
    "local_time",
    "money",
    "number_within",
    "phone",
    "postal_code",
    "text",
]
