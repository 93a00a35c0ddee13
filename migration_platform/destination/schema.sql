-- The destination platform: one table per entity, `id` and then the entity's fields in order.
--
-- The constraints are meant to refuse a bad load: what the destination could not work with must
-- fail here even if every check before it had passed. Amounts are numeric(18,6) and not
-- numeric(14,2), because Postgres rounds silently where the scale is too small; what must be in
-- whole cents says so in a check. Idempotent: creating it again changes nothing.

-- Reference: belongs to no patient, loaded ahead of the cohorts.

CREATE TABLE IF NOT EXISTS organization (
    id             uuid PRIMARY KEY,
    name           text NOT NULL CHECK (name <> ''),
    address_line   text,
    city           text,
    state_code     text CHECK (state_code ~ '^[A-Z]{2}$'),
    postal_code    text CHECK (postal_code ~ '^[0-9]{5}(-[0-9]{4})?$'),
    phone          text
);

CREATE TABLE IF NOT EXISTS practitioner (
    id              uuid PRIMARY KEY,
    organization_id uuid REFERENCES organization (id),
    name            text NOT NULL CHECK (name <> ''),
    sex_code        text CHECK (sex_code IN ('female', 'male', 'other', 'unknown')),
    specialty       text,
    npi             text UNIQUE CHECK (npi ~ '^[0-9]{10}$'),
    credentials     text,
    license_states  text,
    address_line    text,
    city            text,
    state_code      text CHECK (state_code ~ '^[A-Z]{2}$'),
    postal_code     text CHECK (postal_code ~ '^[0-9]{5}(-[0-9]{4})?$')
);

CREATE TABLE IF NOT EXISTS payer (
    id           uuid PRIMARY KEY,
    name         text NOT NULL CHECK (name <> ''),
    ownership    text,
    address_line text,
    city         text,
    state_code   text CHECK (state_code ~ '^[A-Z]{2}$'),
    postal_code  text CHECK (postal_code ~ '^[0-9]{5}(-[0-9]{4})?$'),
    phone        text
);

-- Identity.

CREATE TABLE IF NOT EXISTS patient (
    id                  uuid PRIMARY KEY,
    first_name          text NOT NULL CHECK (first_name <> ''),
    middle_name         text,
    last_name           text NOT NULL CHECK (last_name <> ''),
    name_prefix         text,
    name_suffix         text,
    maiden_name         text,
    birth_date          date NOT NULL CHECK (birth_date >= DATE '1850-01-01'),
    death_date          date,
    sex_code            text NOT NULL CHECK (sex_code IN ('female', 'male', 'other', 'unknown')),
    race_code           text CHECK (race_code IN ('2106-3', '2054-5', '2028-9', '1002-5', '2076-8', '2131-1', 'UNK')),
    race_text           text,
    ethnicity_code      text CHECK (ethnicity_code IN ('2135-2', '2186-5', 'UNK')),
    ethnicity_text      text,
    marital_status_code text CHECK (marital_status_code IN ('M', 'S', 'D', 'W', 'L', 'T', 'UNK')),
    birth_place         text,
    national_id         text,
    drivers_license     text,
    passport            text,
    address_line        text,
    city                text,
    county              text,
    county_fips         text,
    state_code          text CHECK (state_code ~ '^[A-Z]{2}$'),
    postal_code         text CHECK (postal_code ~ '^[0-9]{5}(-[0-9]{4})?$'),
    phone_e164          text CHECK (phone_e164 ~ '^\+[1-9][0-9]{7,14}$'),
    email               text CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$' AND email = lower(email)),
    time_zone           text CHECK (time_zone ~ '^([A-Z][A-Za-z_]+/[A-Za-z_/]+|UTC)$'),
    annual_income       numeric(18, 6) CHECK (annual_income >= 0),
    program_code        text CHECK (program_code ~ '^[a-z][a-z0-9_]*$'),
    stage_code          text CHECK (stage_code IN ('intake', 'active', 'paused', 'closed')),
    practitioner_id     uuid REFERENCES practitioner (id),
    CONSTRAINT patient_death_after_birth CHECK (death_date >= birth_date)
);

CREATE TABLE IF NOT EXISTS portal_identity (
    id            uuid PRIMARY KEY,
    patient_id    uuid NOT NULL REFERENCES patient (id),
    login         text NOT NULL UNIQUE CHECK (login <> ''),
    email         text CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+\.[^@[:space:]]+$' AND email = lower(email)),
    phone_e164    text CHECK (phone_e164 ~ '^\+[1-9][0-9]{7,14}$'),
    password_hash text,
    status_code   text NOT NULL CHECK (status_code IN ('active', 'invited', 'locked', 'disabled')),
    created_at    timestamptz,
    last_login_at timestamptz
);

-- Clinical. An encounter_id is empty where the encounter was archived and the record itself lives on.

CREATE TABLE IF NOT EXISTS encounter (
    id                 uuid PRIMARY KEY,
    patient_id         uuid NOT NULL REFERENCES patient (id),
    practitioner_id    uuid REFERENCES practitioner (id),
    organization_id    uuid REFERENCES organization (id),
    payer_id           uuid REFERENCES payer (id),
    class_code         text CHECK (class_code IN ('AMB', 'EMER', 'IMP', 'OBSENC', 'VR', 'HH', 'WELL', 'URG', 'OUTP', 'HOSPICE', 'SNF')),
    started_at         timestamptz NOT NULL,
    ended_at           timestamptz,
    code               text NOT NULL CHECK (code <> ''),
    description        text,
    base_cost          numeric(18, 6) CHECK (base_cost >= 0),
    total_claim_cost   numeric(18, 6) CHECK (total_claim_cost >= 0),
    payer_coverage     numeric(18, 6) CHECK (payer_coverage >= 0),
    reason_code        text,
    reason_description text,
    CONSTRAINT encounter_period CHECK (ended_at >= started_at)
);

CREATE TABLE IF NOT EXISTS clinical_note (
    id           uuid PRIMARY KEY,
    patient_id   uuid NOT NULL REFERENCES patient (id),
    encounter_id uuid REFERENCES encounter (id),
    author_id    uuid REFERENCES practitioner (id),
    cosigner_id  uuid REFERENCES practitioner (id),
    written_at   timestamptz NOT NULL,
    type_code    text NOT NULL CHECK (type_code IN ('progress', 'intake', 'consult', 'follow_up', 'telephone', 'message', 'discharge', 'addendum')),
    note_text    text NOT NULL CHECK (note_text <> '')
);

CREATE TABLE IF NOT EXISTS condition (
    id             uuid PRIMARY KEY,
    patient_id     uuid NOT NULL REFERENCES patient (id),
    encounter_id   uuid REFERENCES encounter (id),
    onset_date     date NOT NULL,
    abatement_date date,
    code           text NOT NULL CHECK (code <> ''),
    code_system    text,
    description    text NOT NULL,
    CONSTRAINT condition_period CHECK (abatement_date >= onset_date)
);

CREATE TABLE IF NOT EXISTS allergy (
    id                      uuid PRIMARY KEY,
    patient_id              uuid NOT NULL REFERENCES patient (id),
    encounter_id            uuid REFERENCES encounter (id),
    onset_date              date NOT NULL,
    abatement_date          date,
    code                    text NOT NULL CHECK (code <> ''),
    code_system             text,
    description             text NOT NULL,
    type_code               text CHECK (type_code IN ('allergy', 'intolerance')),
    category_code           text CHECK (category_code IN ('food', 'medication', 'environment', 'biologic')),
    reaction1_code          text,
    reaction1_description   text,
    reaction1_severity_code text CHECK (reaction1_severity_code IN ('mild', 'moderate', 'severe')),
    reaction2_code          text,
    reaction2_description   text,
    reaction2_severity_code text CHECK (reaction2_severity_code IN ('mild', 'moderate', 'severe')),
    CONSTRAINT allergy_period CHECK (abatement_date >= onset_date)
);

CREATE TABLE IF NOT EXISTS medication_request (
    id                 uuid PRIMARY KEY,
    patient_id         uuid NOT NULL REFERENCES patient (id),
    encounter_id       uuid REFERENCES encounter (id),
    prescriber_id      uuid REFERENCES practitioner (id),
    payer_id           uuid REFERENCES payer (id),
    code               text NOT NULL CHECK (code <> ''),
    description        text NOT NULL,
    started_at         timestamptz NOT NULL,
    ended_at           timestamptz,
    status_code        text CHECK (status_code IN ('active', 'on_hold', 'completed', 'stopped', 'cancelled', 'draft')),
    sig                text,
    refills_left       bigint CHECK (refills_left BETWEEN 0 AND 99),
    last_fill_date     date,
    dispenses          bigint CHECK (dispenses >= 0),
    base_cost          numeric(18, 6) CHECK (base_cost >= 0),
    payer_coverage     numeric(18, 6) CHECK (payer_coverage >= 0),
    total_cost         numeric(18, 6) CHECK (total_cost >= 0),
    reason_code        text,
    reason_description text,
    CONSTRAINT medication_request_period CHECK (ended_at >= started_at)
);

CREATE TABLE IF NOT EXISTS observation (
    id            uuid PRIMARY KEY,
    patient_id    uuid NOT NULL REFERENCES patient (id),
    encounter_id  uuid REFERENCES encounter (id),
    observed_at   timestamptz NOT NULL,
    category_code text CHECK (category_code IN ('vital-signs', 'laboratory', 'survey', 'social-history', 'exam', 'procedure', 'therapy', 'imaging', 'activity')),
    code          text NOT NULL CHECK (code <> ''),
    description   text,
    value_text    text,
    value_number  numeric(18, 6),
    units         text,
    value_type    text,
    CONSTRAINT observation_number_has_text CHECK (value_number IS NULL OR value_text IS NOT NULL)
);

CREATE TABLE IF NOT EXISTS procedure (
    id                 uuid PRIMARY KEY,
    patient_id         uuid NOT NULL REFERENCES patient (id),
    encounter_id       uuid REFERENCES encounter (id),
    started_at         timestamptz NOT NULL,
    ended_at           timestamptz,
    code               text NOT NULL CHECK (code <> ''),
    code_system        text,
    description        text NOT NULL,
    base_cost          numeric(18, 6) CHECK (base_cost >= 0),
    reason_code        text,
    reason_description text,
    CONSTRAINT procedure_period CHECK (ended_at >= started_at)
);

CREATE TABLE IF NOT EXISTS immunization (
    id              uuid PRIMARY KEY,
    patient_id      uuid NOT NULL REFERENCES patient (id),
    encounter_id    uuid REFERENCES encounter (id),
    administered_at timestamptz NOT NULL,
    code            text NOT NULL CHECK (code ~ '^[0-9]{1,3}$'),
    description     text NOT NULL,
    base_cost       numeric(18, 6) CHECK (base_cost >= 0)
);

CREATE TABLE IF NOT EXISTS care_plan (
    id                 uuid PRIMARY KEY,
    patient_id         uuid NOT NULL REFERENCES patient (id),
    encounter_id       uuid REFERENCES encounter (id),
    plan_number        text NOT NULL CHECK (plan_number <> ''),
    start_date         date NOT NULL,
    end_date           date,
    code               text NOT NULL CHECK (code <> ''),
    description        text NOT NULL,
    reason_code        text,
    reason_description text,
    CONSTRAINT care_plan_period CHECK (end_date >= start_date)
);

CREATE TABLE IF NOT EXISTS document_reference (
    id           uuid PRIMARY KEY,
    patient_id   uuid NOT NULL REFERENCES patient (id),
    encounter_id uuid REFERENCES encounter (id),
    author_id    uuid REFERENCES practitioner (id),
    title        text,
    type_code    text NOT NULL CHECK (type_code IN ('lab_report', 'consent', 'id_card', 'insurance_card', 'referral', 'imaging', 'visit_summary', 'letter', 'photo', 'other')),
    content_type text NOT NULL CHECK (content_type ~ '^[a-z]+/[a-z0-9.+-]+$'),
    created_at   timestamptz NOT NULL,
    storage_path text NOT NULL CHECK (storage_path <> '' AND storage_path !~ '(^/|\.\.)'),
    sha256       text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes   bigint NOT NULL CHECK (size_bytes > 0)
);

-- Billing.

CREATE TABLE IF NOT EXISTS coverage (
    id                 uuid PRIMARY KEY,
    patient_id         uuid NOT NULL REFERENCES patient (id),
    payer_id           uuid NOT NULL REFERENCES payer (id),
    secondary_payer_id uuid REFERENCES payer (id),
    member_id          text,
    start_date         date NOT NULL,
    end_date           date,
    owner_code         text CHECK (owner_code IN ('self', 'guardian', 'spouse', 'other')),
    owner_name         text,
    CONSTRAINT coverage_period CHECK (end_date >= start_date)
);

CREATE TABLE IF NOT EXISTS claim (
    id                          uuid PRIMARY KEY,
    patient_id                  uuid NOT NULL REFERENCES patient (id),
    encounter_id                uuid REFERENCES encounter (id),
    practitioner_id             uuid REFERENCES practitioner (id),
    referring_practitioner_id   uuid REFERENCES practitioner (id),
    supervising_practitioner_id uuid REFERENCES practitioner (id),
    primary_payer_id            uuid REFERENCES payer (id),
    secondary_payer_id          uuid REFERENCES payer (id),
    service_at                  timestamptz NOT NULL,
    illness_onset_at            timestamptz,
    department_code             text,
    patient_department_code     text,
    diagnosis1_code             text,
    diagnosis2_code             text,
    diagnosis3_code             text,
    diagnosis4_code             text,
    diagnosis5_code             text,
    diagnosis6_code             text,
    diagnosis7_code             text,
    diagnosis8_code             text,
    primary_status_code         text CHECK (primary_status_code IN ('billed', 'closed', 'open', 'denied')),
    secondary_status_code       text CHECK (secondary_status_code IN ('billed', 'closed', 'open', 'denied')),
    patient_status_code         text CHECK (patient_status_code IN ('billed', 'closed', 'open', 'denied')),
    primary_outstanding         numeric(18, 6),
    secondary_outstanding       numeric(18, 6),
    patient_outstanding         numeric(18, 6),
    primary_billed_at           timestamptz,
    secondary_billed_at         timestamptz,
    patient_billed_at           timestamptz,
    primary_type_code           text CHECK (primary_type_code IN ('professional', 'institutional', 'none')),
    secondary_type_code         text CHECK (secondary_type_code IN ('professional', 'institutional', 'none'))
);

CREATE TABLE IF NOT EXISTS claim_transaction (
    id                          uuid PRIMARY KEY,
    patient_id                  uuid NOT NULL REFERENCES patient (id),
    claim_id                    uuid NOT NULL REFERENCES claim (id),
    encounter_id                uuid REFERENCES encounter (id),
    organization_id             uuid REFERENCES organization (id),
    practitioner_id             uuid REFERENCES practitioner (id),
    supervising_practitioner_id uuid REFERENCES practitioner (id),
    charge_number               text,
    type_code                   text NOT NULL CHECK (type_code IN ('charge', 'payment', 'adjustment', 'transfer_in', 'transfer_out')),
    amount                      numeric(18, 6),
    method_code                 text CHECK (method_code IN ('cash', 'check', 'electronic_check', 'card', 'copay', 'system')),
    from_at                     timestamptz NOT NULL,
    to_at                       timestamptz,
    procedure_code              text,
    modifier1                   text,
    modifier2                   text,
    diagnosis_ref1              bigint CHECK (diagnosis_ref1 BETWEEN 1 AND 8),
    diagnosis_ref2              bigint CHECK (diagnosis_ref2 BETWEEN 1 AND 8),
    diagnosis_ref3              bigint CHECK (diagnosis_ref3 BETWEEN 1 AND 8),
    diagnosis_ref4              bigint CHECK (diagnosis_ref4 BETWEEN 1 AND 8),
    units                       bigint CHECK (units >= 0),
    department_code             text,
    description                 text,
    unit_amount                 numeric(18, 6) CHECK (unit_amount >= 0),
    transfer_from_number        text,
    transfer_type_code          text CHECK (transfer_type_code IN ('primary', 'secondary', 'patient')),
    payments                    numeric(18, 6),
    adjustments                 numeric(18, 6),
    transfers                   numeric(18, 6),
    outstanding                 numeric(18, 6),
    line_note                   text,
    fee_schedule_code           text,
    CONSTRAINT claim_transaction_period CHECK (to_at >= from_at)
);

CREATE TABLE IF NOT EXISTS subscription (
    id             uuid PRIMARY KEY,
    patient_id     uuid NOT NULL REFERENCES patient (id),
    program_code   text NOT NULL CHECK (program_code ~ '^[a-z][a-z0-9_]*$'),
    plan_code      text NOT NULL CHECK (plan_code <> ''),
    status_code    text NOT NULL CHECK (status_code IN ('trial', 'active', 'paused', 'past_due', 'cancelled', 'expired')),
    start_date     date NOT NULL,
    renewal_date   date,
    cancelled_date date,
    price          numeric(18, 6) NOT NULL CHECK (price >= 0 AND price = round(price, 2)),
    currency_code  text NOT NULL CHECK (currency_code ~ '^[A-Z]{3}$'),
    payment_token  text,
    CONSTRAINT subscription_cancelled_after_start CHECK (cancelled_date >= start_date)
);

CREATE TABLE IF NOT EXISTS payment (
    id                  uuid PRIMARY KEY,
    patient_id          uuid NOT NULL REFERENCES patient (id),
    subscription_id     uuid REFERENCES subscription (id),
    amount              numeric(18, 6) NOT NULL CHECK (amount = round(amount, 2)),
    currency_code       text NOT NULL CHECK (currency_code ~ '^[A-Z]{3}$'),
    status_code         text NOT NULL CHECK (status_code IN ('pending', 'succeeded', 'failed', 'refunded', 'disputed')),
    paid_at             timestamptz,
    method_code         text CHECK (method_code IN ('card', 'ach', 'hsa', 'wallet', 'cash')),
    card_last4          text CHECK (card_last4 ~ '^[0-9]{4}$'),
    processor_reference text,
    CONSTRAINT payment_negative_is_refund CHECK (amount >= 0 OR status_code IN ('refunded', 'disputed'))
);

-- Engagement.

CREATE TABLE IF NOT EXISTS intake_response (
    id           uuid PRIMARY KEY,
    patient_id   uuid NOT NULL REFERENCES patient (id),
    program_code text NOT NULL CHECK (program_code ~ '^[a-z][a-z0-9_]*$'),
    question     text NOT NULL CHECK (question <> ''),
    answer       text,
    status_code  text NOT NULL CHECK (status_code IN ('draft', 'submitted', 'reviewed')),
    answered_at  timestamptz
);

CREATE TABLE IF NOT EXISTS communication_preference (
    id           uuid PRIMARY KEY,
    patient_id   uuid NOT NULL REFERENCES patient (id),
    channel_code text NOT NULL CHECK (channel_code IN ('email', 'sms', 'phone', 'push', 'mail')),
    topic_code   text NOT NULL CHECK (topic_code IN ('care', 'appointments', 'billing', 'marketing', 'research')),
    consent_code text NOT NULL CHECK (consent_code IN ('granted', 'denied', 'withdrawn', 'unknown')),
    updated_at   timestamptz
);

-- One index for each way the product reads a chart: by patient, and by encounter where it is many.
-- The other foreign keys point at reference tables, which are never deleted from.

CREATE INDEX IF NOT EXISTS portal_identity_patient ON portal_identity (patient_id);
CREATE INDEX IF NOT EXISTS coverage_patient ON coverage (patient_id);
CREATE INDEX IF NOT EXISTS encounter_patient ON encounter (patient_id);
CREATE INDEX IF NOT EXISTS clinical_note_patient ON clinical_note (patient_id);
CREATE INDEX IF NOT EXISTS clinical_note_encounter ON clinical_note (encounter_id);
CREATE INDEX IF NOT EXISTS condition_patient ON condition (patient_id);
CREATE INDEX IF NOT EXISTS condition_encounter ON condition (encounter_id);
CREATE INDEX IF NOT EXISTS allergy_patient ON allergy (patient_id);
CREATE INDEX IF NOT EXISTS allergy_encounter ON allergy (encounter_id);
CREATE INDEX IF NOT EXISTS medication_request_patient ON medication_request (patient_id);
CREATE INDEX IF NOT EXISTS medication_request_encounter ON medication_request (encounter_id);
CREATE INDEX IF NOT EXISTS observation_patient ON observation (patient_id);
CREATE INDEX IF NOT EXISTS observation_encounter ON observation (encounter_id);
CREATE INDEX IF NOT EXISTS procedure_patient ON procedure (patient_id);
CREATE INDEX IF NOT EXISTS procedure_encounter ON procedure (encounter_id);
CREATE INDEX IF NOT EXISTS immunization_patient ON immunization (patient_id);
CREATE INDEX IF NOT EXISTS immunization_encounter ON immunization (encounter_id);
CREATE INDEX IF NOT EXISTS care_plan_patient ON care_plan (patient_id);
CREATE INDEX IF NOT EXISTS care_plan_encounter ON care_plan (encounter_id);
CREATE INDEX IF NOT EXISTS document_reference_patient ON document_reference (patient_id);
CREATE INDEX IF NOT EXISTS document_reference_encounter ON document_reference (encounter_id);
CREATE INDEX IF NOT EXISTS claim_patient ON claim (patient_id);
CREATE INDEX IF NOT EXISTS claim_encounter ON claim (encounter_id);
CREATE INDEX IF NOT EXISTS claim_transaction_patient ON claim_transaction (patient_id);
CREATE INDEX IF NOT EXISTS claim_transaction_claim ON claim_transaction (claim_id);
CREATE INDEX IF NOT EXISTS claim_transaction_encounter ON claim_transaction (encounter_id);
CREATE INDEX IF NOT EXISTS subscription_patient ON subscription (patient_id);
CREATE INDEX IF NOT EXISTS payment_patient ON payment (patient_id);
CREATE INDEX IF NOT EXISTS payment_subscription ON payment (subscription_id);
CREATE INDEX IF NOT EXISTS intake_response_patient ON intake_response (patient_id);
CREATE INDEX IF NOT EXISTS communication_preference_patient ON communication_preference (patient_id);
