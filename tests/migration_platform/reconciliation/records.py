"""Records of an entity with a field of every type, sent and found alike."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from migration_platform.fault.fault import Row
from migration_platform.reconciliation.column import Column

COLUMNS = (
    Column("source_id", "text"),
    Column("patient_id", "uuid"),
    Column("author_id", "uuid"),
    Column("status_code", "text"),
    Column("description", "text"),
    Column("amount", "decimal"),
    Column("fills", "integer"),
    Column("start_date", "date"),
    Column("stop_date", "date"),
    Column("written_at", "timestamp"),
    Column("read_at", "timestamp"),
    Column("sensitive", "boolean"),
)


def make_rows(number: int) -> list[Row]:
    """Records that differ from each other in most fields."""
    return [
        {
            "id": str(UUID(int=(i * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128)),
            "source_id": f"s{i}",
            "patient_id": str(UUID(int=1000 + i // 3)),
            "author_id": str(UUID(int=i % 5)) if i % 4 else None,
            "status_code": ("active", "resolved")[i % 2],
            "description": f"Visit number {i}" if i % 3 else None,
            "amount": ("0", "12.5", "-3", "1234.56")[i % 4],
            "fills": i,
            "start_date": date(2024, 1, 1 + i % 28),
            "stop_date": date(2024, 2, 1 + i % 28),
            "written_at": 1_700_000_000_123_456 + i * 61_000_000,
            "read_at": None if i % 2 else 1_700_100_000_000_000 + i,
            "sensitive": (True, False, None)[i % 3],
        }
        for i in range(number)
    ]
