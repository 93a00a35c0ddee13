"""The small migration of the stages' tests, to be taken back."""

from tests.migration_platform.stage.conftest import platform

__all__ = ["platform"]
