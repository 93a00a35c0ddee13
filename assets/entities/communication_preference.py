"""Communication preferences: what a patient wants to be sent, and how.

Consent in five spellings becomes granted or denied, never a guess: an unknown spelling waits for a
person, because a message sent against a patient's will cannot be taken back. Never archived: a "no"
does not expire.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Source
from migration_platform.translation import code, instant

MAPS = Path(__file__).parent / "code_maps"

ENTITY = Entity(
    name="communication_preference",
    description="Consent to a kind of message on a channel",
    group="engagement",
    source=Source(table="communication_preferences", key=("Id",), patient="PATIENT"),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENT"),
            required=True,
            description="Whose preference",
        ),
        Field(
            "channel_code",
            "text",
            code("CHANNEL", MAPS / "channel.csv"),
            required=True,
            description="Email, text message, telephone",
        ),
        Field(
            "topic_code",
            "text",
            code("TOPIC", MAPS / "topic.csv"),
            required=True,
            description="What the message is about",
        ),
        Field(
            "consent_code",
            "text",
            code("CONSENT", MAPS / "consent.csv"),
            required=True,
            description="Granted or denied",
        ),
        Field("updated_at", "timestamp", instant("UPDATED_AT"), description="When last said"),
    ),
    file=Path(__file__),
)
