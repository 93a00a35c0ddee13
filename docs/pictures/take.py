"""Take the pictures of docs/ from running pages: `python docs/pictures/take.py`.

Needs chromium, and a demo that has run (`make demo`). It starts Dagster's pages on a port of its
own, photographs them, the expectation reports and the page of the last night (run `migration nightly`
after a fault as in docs/nightly.md), and stops what it started.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
PORT = 3997
PAGES = f"http://127.0.0.1:{PORT}"
DAGSTER = {
    "dagster-assets": "/assets",
    "dagster-lineage": "/asset-groups",
    "dagster-load-patient": "/assets/load/patient?view=overview",
    "dagster-partitions": "/assets/transform/encounter?view=partitions",
    "dagster-checks": "/assets/transform/encounter?view=checks",
    "dagster-runs": "/runs",
}


def main() -> None:
    """Take every picture; exits with 2 if there is no browser."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("no chromium on the path: install one to take the pictures")
    home = Path(os.environ.get("MIGRATION_HOME", HERE.parents[1] / ".migration"))
    for report in ("pilot-weight",):
        page = (home / "reports" / f"{report}.html").as_uri()
        for name, size in (
            ("expectation-report", "1200,1500"),
            ("expectation-report-phone", "420,900"),
        ):
            photograph(browser, page, HERE / f"{name}.png", size)
    for page in sorted((home / "reports" / "nights").glob("*.html"))[-1:]:
        photograph(browser, page.as_uri(), HERE / "night-report.png", "1200,1300")
    command = [sys.executable, "-m", "migration_platform", "ui", "--port", str(PORT)]
    pages = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_for(PAGES)
        for name, path in DAGSTER.items():
            photograph(browser, PAGES + path, HERE / f"{name}.png", "1500,950")
    finally:
        os.killpg(pages.pid, signal.SIGINT)
        pages.wait(60)


def wait_for(url: str) -> None:
    """Wait until the page answers; raises TimeoutError after two minutes."""
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"{url}/server_info", timeout=5):
                return
        except OSError:
            time.sleep(1)
    raise TimeoutError(f"{url} did not answer within two minutes")


def photograph(browser: str, url: str, to: Path, size: str) -> None:
    """A picture of a page as the browser draws it, after ten seconds of its own time."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--hide-scrollbars", "--virtual-time-budget=20000", f"--user-data-dir={profile}",
                f"--window-size={size}", f"--screenshot={to}", url,
            ],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
    print(to.relative_to(Path.cwd()) if to.is_relative_to(Path.cwd()) else to)


if __name__ == "__main__":
    main()
