"""`python -m benchmarks [NAME …]`: run them and print the figures as JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib import import_module

NAMES = (
    "cohort_cost",
    "throughput",
    "load",
    "comparison",
    "readback",
    "certificate",
    "rollback",
    "crash",
    "room",
)


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    for name in names:
        if name not in NAMES:
            sys.exit(f"no benchmark is named '{name}'. There are: {', '.join(NAMES)}")
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    print(json.dumps({"machine": machine}), flush=True)
    for name in names or NAMES:
        print(f"{name} …", file=sys.stderr, flush=True)
        figures = import_module(f"benchmarks.{name}").measure()
        print(json.dumps({name: figures}, indent=2), flush=True)


main(sys.argv[1:])
