"""Trial: a home of its own for a benchmark, with a sample source and cohorts of a chosen size."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

WAVES = """\
[population]
table = "patients"
key = "Id"
program = "PROGRAM"
state = "STATE"
stage = "STAGE"
provider = "PROVIDER"

[[wave]]
name = "pilot"
max_excepted_percent = 100
max_unmapped_codes = 1000000
"""

COHORT = """
[[wave.cohort]]
name = "c{number}"
at_most = {patients}
"""

LAST = """
[[wave]]
name = "rest"

[[wave.cohort]]
name = "left"

[[wave.cohort]]
name = "lost"
orphans = true
"""


@dataclass(frozen=True)
class Timing:
    """A command's wall time in seconds, and the peak memory of its largest process in MiB."""

    seconds: float
    peak: float


@dataclass(frozen=True)
class Trial:
    """A home with a source and a waves file of `c1`, `c2` … cohorts."""

    home: Path
    environment: dict[str, str]

    def migration(self, *words: str) -> Timing:
        """Run a command; raises CalledProcessError if it ends with an error of usage."""
        code = (
            "import resource, subprocess, sys, time; t = time.perf_counter(); "
            "p = subprocess.run([sys.executable, '-m', 'migration_platform', *sys.argv[1:]], "
            "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); "
            "print(time.perf_counter() - t, "
            "resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, p.returncode)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        seconds, peak, status = done.stdout.split()
        if int(status) > 1:
            raise RuntimeError(f"migration {' '.join(words)} ended with {status}")
        unit = 1024 * 1024 if sys.platform == "darwin" else 1024
        return Timing(float(seconds), float(peak) / unit)

    def ask(self, *words: str) -> Any:
        """A command's JSON answer."""
        done = subprocess.run(
            [sys.executable, "-m", "migration_platform", *words, "--json"],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if not done.stdout:
            raise RuntimeError(
                f"migration {' '.join(words)} ended with {done.returncode}: {done.stderr}"
            )
        return json.loads(done.stdout)


@contextmanager
def trial(patients: int, cohorts: list[int], seed: int = 7) -> Iterator[Trial]:
    """Build a source of so many patients, with cohorts of the given sizes; remove all after."""
    home = Path(tempfile.mkdtemp(prefix="migration-bench-"))
    waves = home / "waves.toml"
    parts = [COHORT.format(number=n, patients=size) for n, size in enumerate(cohorts, 1)]
    waves.write_text(WAVES + "".join(parts) + LAST)
    for name in ("exceptions.toml", "people.toml"):
        shutil.copy(ROOT / "assets" / name, home)
    environment = {**os.environ, "MIGRATION_HOME": str(home), "MIGRATION_WAVES": str(waves)}
    made = Trial(home, environment)
    try:
        made.migration("sample", "--patients", str(patients), "--seed", str(seed))
        yield made
    finally:
        made.migration("down")
        shutil.rmtree(home, ignore_errors=True)


def now() -> float:
    """Seconds on a clock that only goes forward."""
    return time.perf_counter()


def peak_of_this_process() -> float:
    """Peak memory of this process in MiB, without what its parent held when it started it: Linux
    counts that as the child's own in `getrusage`."""
    status = Path("/proc/self/status")
    if status.exists():
        held = dict(line.split(":", 1) for line in status.read_text().splitlines())["VmHWM"]
        return int(held.split()[0]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
