"""Server: the room on loopback, beside Dagster, until the process that it belongs to ends.

`migration ui` starts it. Behind a proxy with TLS, MIGRATION_ROOM_URL says under which address people
come; then cookies are for TLS alone.
"""

from __future__ import annotations

import os
import sys
import threading
import time

import uvicorn

from migration_platform.platform import Platform
from migration_platform.room.app import Room, make_app, make_room
from migration_platform.room.picture import get_ready
from migration_platform.room.route import WAYS
from migration_platform.room.route.reading import SHELVED
from migration_platform.room.route.wave import describe
from migration_platform.server.server import LOOPBACK
from migration_platform.settings import Settings

TURN = 0.0005
"""Seconds for which one thread may keep the others waiting. While evidence is put together behind the
pages, a page would wait ten times as long after each of its questions to the store."""

LOOK = 0.5
"""Seconds between two looks whether the process that this one belongs to is still there."""


def serve(settings: Settings, parent: int | None = None) -> None:
    """Serve until that process, our parent, ends; without one, until stopped."""
    room = make_room(settings, WAYS, lambda: Platform.open(settings))
    server = uvicorn.Server(
        uvicorn.Config(
            make_app(room),
            host=LOOPBACK,
            port=settings.room_port,
            log_level="warning",
            access_log=False,  # who reads what is nobody's business, but for patients' values
            server_header=False,
            proxy_headers=room.secure,
            timeout_keep_alive=30,
        )
    )
    if parent is not None:

        def watch() -> None:
            while os.getppid() == parent:
                time.sleep(LOOK)
            server.should_exit = True

        threading.Thread(target=watch, daemon=True).start()
    threading.Thread(target=warm, args=(room,), daemon=True).start()
    try:
        server.run()
    finally:
        room.shelf.close()
        room.lender.close()


def warm(room: Room) -> None:
    """Put together what the first pages need, before somebody waits for it."""
    sys.setswitchinterval(TURN)
    get_ready()
    room.shelf.warm(SHELVED, describe)


def main(arguments: list[str]) -> None:
    serve(Settings.load(), int(arguments[0]) if arguments else None)


if __name__ == "__main__":
    main(sys.argv[1:])
