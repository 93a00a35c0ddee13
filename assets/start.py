"""Start: what a worker's process begins with. The only file beside `definitions` that sees `checks`.

The suites' process takes longest to be ready, so it is started before Dagster is imported.
"""

from checks import suite_process


def main() -> None:
    """Start the suites' process, then serve the runner."""
    suite_process.start()
    from assets import worker

    worker.main()


if __name__ == "__main__":
    main()
