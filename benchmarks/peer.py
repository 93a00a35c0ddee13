"""Peer: another tool that compares two data sets, in an environment of its own.

The environments stand in `.bench-venv/` and are made on demand with pip. A peer is one process that
is asked in lines of JSON (`peer_script`), so that neither its imports nor its start are measured.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.trial import ROOT

ENVIRONMENTS = ROOT / ".bench-venv"

REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "datacompy": (
        "datacompy==1.1.0",
        "polars==1.44.2",
        "pyarrow==26.0.1",
        "adbc-driver-postgresql==1.13.0",
        "adbc-driver-manager==1.13.0",
    ),
    "reladiff": ("reladiff==0.6.0", "sqeleton==0.1.7", "psycopg2-binary==2.9.13"),
    "data-diff": ("data-diff==0.11.2", "dbt-core==1.9.11", "psycopg2-binary==2.9.13"),
}


class Peer:
    """A running peer."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._python = _environment(name)
        self._start()

    def ask(self, **request: object) -> dict[str, Any]:
        """Its answer: `seconds`, `ids` (or `count`), or `error` if it crashed."""
        if self._process.poll() is not None:
            self._start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"tool": self.name, **request}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            return {"error": f"the process ended with {self._process.wait()}"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        """Stop the process."""
        self._process.kill()
        self._process.wait()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [self._python, Path(__file__).with_name("peer_script.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip


@contextmanager
def peers(*names: str) -> Iterator[list[Peer]]:
    """The named peers, running. One whose environment cannot be made is told of, and left out."""
    running: list[Peer] = []
    try:
        for name in names:
            try:
                running.append(Peer(name))
            except subprocess.CalledProcessError as error:
                print(f"{name} cannot be installed here, and is left out: {error}", file=sys.stderr)
        yield running
    finally:
        for peer in running:
            peer.end()


def _environment(name: str) -> Path:
    """Python of the peer's environment, made if it is not there or its pins have changed."""
    folder = ENVIRONMENTS / name
    python, mark = folder / "bin" / "python", folder / ".installed"
    wanted = "\n".join(REQUIREMENTS[name])
    if not mark.exists() or mark.read_text() != wanted:
        print(f"installing {name} into {folder.relative_to(ROOT)} …", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*install, *REQUIREMENTS[name]], check=True, stdout=sys.stderr)
        mark.write_text(wanted)
    return python
