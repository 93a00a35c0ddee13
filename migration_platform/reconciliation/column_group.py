"""Column group: compared columns whose values are judged alike, as DuckDB SQL over lists of them.

An entity has up to forty columns and few kinds of them. How two values are compared is written once
for each kind: to plan it once for each column takes longer than to compare ten thousand records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migration_platform.reconciliation.column import (
    Column,
    quote_name,
    quote_text,
    trim_number,
)


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """Columns of one type and one equality."""

    columns: tuple[Column, ...]

    @property
    def is_text_of_number(self) -> bool:
        return self.columns[0].type == "decimal"

    def values(self, row: str) -> str:
        """The list of a row's values, as people are shown them."""
        values = f"[{', '.join(f'{row}.{quote_name(c.name)}' for c in self.columns)}]"
        if self.is_text_of_number:
            return f"list_transform({values}, lambda v: {trim_number('v')})"
        return values

    def differs(self, sent: str, found: str) -> str:
        """Whether two such lists differ anywhere."""
        if self.is_alone:
            return self.columns[0].differs(f"{sent}[1]", f"{found}[1]")
        rule = self.columns[0].differs("d[1]", "d[2]")
        return f"list_contains(list_transform(list_zip({sent}, {found}), lambda d: {rule}), true)"

    def differences(self, sent: str, found: str) -> str:
        """The list of what differs between two such lists: field, sent and found, null elsewhere."""
        first = self.columns[0]
        if self.is_alone:
            a, b = f"{sent}[1]", f"{found}[1]"
            return f"[{_difference(first, quote_text(first.name), a, b)}]"
        names = f"[{', '.join(quote_text(c.name) for c in self.columns)}]"
        # Most lists are the same bit by bit, and need not be gone through.
        return (
            f"CASE WHEN {sent} IS DISTINCT FROM {found} THEN "
            f"list_transform(list_zip({names}, {sent}, {found}), "
            f"lambda d: {_difference(first, 'd[1]', 'd[2]', 'd[3]')}) END"
        )

    @property
    def is_alone(self) -> bool:
        """Whether the rule asks a question of its own for each value, as no list can."""
        return self.columns[0].equality.rule == "json"


def group_columns(columns: Sequence[Column]) -> tuple[ColumnGroup, ...]:
    """The columns by type and equality, in the order of the first of each."""
    alike: dict[object, list[Column]] = {}
    for column in columns:
        alone = column.name if column.equality.rule == "json" else ""
        alike.setdefault((column.type, column.equality, alone), []).append(column)
    return tuple(ColumnGroup(tuple(each)) for each in alike.values())


def _difference(rule: Column, field: str, sent: str, found: str) -> str:
    return (
        f"CASE WHEN {rule.differs(sent, found)} THEN {{field: {field}, "
        f"sent: {sent}::varchar, found: {found}::varchar}} END"
    )
