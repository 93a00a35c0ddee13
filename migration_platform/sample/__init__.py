"""The sample source platform: a believable telehealth company, generated or from a Synthea export.

Stands in for the source platform of a real migration, dirt included. Nothing here is read by the
engine's stages.
"""

from migration_platform.sample.build import build_sample
from migration_platform.sample.dirt import DIRT, dirt_table_markdown
from migration_platform.sample.generate import generate_chunks
from migration_platform.sample.rebuild import SourceBuild
from migration_platform.sample.synthea import import_synthea

__all__ = [
    "DIRT",
    "SourceBuild",
    "build_sample",
    "dirt_table_markdown",
    "generate_chunks",
    "import_synthea",
]
