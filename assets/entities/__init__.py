"""The entities of this migration, parents before children: what moves, one file each.

To add one: write its file beside these, name it here, give it a table in the destination, a suite
in `checks/suites/` and rows in `assets/ownership.csv`.
"""

from assets.entities import (
    allergy,
    care_plan,
    claim,
    claim_transaction,
    clinical_note,
    communication_preference,
    condition,
    coverage,
    document_reference,
    encounter,
    immunization,
    intake_response,
    medication_request,
    observation,
    organization,
    patient,
    payer,
    payment,
    portal_identity,
    practitioner,
    procedure,
    subscription,
)
from migration_platform.entity import Entity

ENTITIES: tuple[Entity, ...] = (
    organization.ENTITY,
    practitioner.ENTITY,
    payer.ENTITY,
    patient.ENTITY,
    portal_identity.ENTITY,
    coverage.ENTITY,
    encounter.ENTITY,
    clinical_note.ENTITY,
    condition.ENTITY,
    allergy.ENTITY,
    medication_request.ENTITY,
    observation.ENTITY,
    procedure.ENTITY,
    immunization.ENTITY,
    care_plan.ENTITY,
    document_reference.ENTITY,
    claim.ENTITY,
    claim_transaction.ENTITY,
    subscription.ENTITY,
    payment.ENTITY,
    intake_response.ENTITY,
    communication_preference.ENTITY,
)
