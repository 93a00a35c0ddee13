"""Portal identities: how a patient signs in. A patient who must register anew is a patient lost.

The password hash moves as it is, so that nobody has to reset a password on the day of the cutover;
the destination verifies the source's algorithm, which the hash itself names. There is no retention:
an account that was not used for years is still the patient's way in.

A second account with the same sign-in name waits for a person, because the destination knows each name
once. An account in use without an address or a password hash moves, and somebody must look at it: the
patient cannot get in.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Concern, Entity, Field, Reference, Source
from migration_platform.translation import code, email, identifier, instant, phone

MAPS = Path(__file__).parent / "code_maps"

ENTITY = Entity(
    name="portal_identity",
    description="A patient's account on the portal",
    group="identity",
    source=Source(
        table="portal_accounts",
        key=("Id",),
        patient="PATIENT",
        distinct=("LOGIN",),
        distinct_kind="login that fails",
    ),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENT"),
            required=True,
            description="Whose account it is",
        ),
        Field("login", "text", identifier("LOGIN"), required=True, description="Sign-in name"),
        Field("email", "text", email("EMAIL"), description="Where a reset link goes"),
        Field("phone_e164", "text", phone("PHONE"), description="Second factor"),
        Field("password_hash", "text", identifier("PASSWORD_HASH"), description="As it is"),
        Field(
            "status_code",
            "text",
            code("STATUS", MAPS / "portal_status.csv"),
            required=True,
            description="May the patient sign in",
        ),
        Field("created_at", "timestamp", instant("CREATED"), description="When registered"),
        Field("last_login_at", "timestamp", instant("LAST_LOGIN"), description="Last sign-in"),
    ),
    concerns=(
        Concern(
            name="account-without-a-way-in",
            query="""
                SELECT source_id FROM portal_identity WHERE status_code IN ('active', 'locked', 'invited')
                AND (email IS NULL OR (password_hash IS NULL AND status_code <> 'invited'))
            """,
            sentence="In use, and without an address for a reset link or without a password hash",
            kind="login that fails",
        ),
    ),
    file=Path(__file__),
)
