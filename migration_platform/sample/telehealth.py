"""What a telehealth company keeps beside the chart: accounts, subscriptions, payments, intake."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from migration_platform.sample.dirt import rate
from migration_platform.sample.draws import Bools, Draws, Ints, Keys, child_keys, expand, pick
from migration_platform.sample.people import ACTIVE, CLOSED, INTAKE, PAUSED, Patients
from migration_platform.sample.programs import PROGRAMS
from migration_platform.sample.spelling import (
    at_time_of_day,
    spell_amounts,
    spell_days,
    spell_nothing,
    spell_phones,
)
from migration_platform.sample.text import (
    DAY,
    NEWEST_DAY,
    amounts,
    choose,
    day_number,
    iso_days,
    iso_instants,
    only,
    same,
    wall_times,
)

_PLANS = (("monthly", 30, 100), ("quarterly", 91, 285), ("annual", 365, 1050))
"""Name, days between payments, price in hundredths of the program's."""

_SKIPPED = day_number(2025, 3, 9) * DAY + 2 * 3600
_REPEATED = day_number(2025, 11, 2) * DAY + 3600
_PREFERENCES = (
    ("email", "care"), ("email", "marketing"), ("sms", "care"), ("phone", "care"),
    ("mail", "billing"),
)  # fmt: skip


def make_portal_accounts(draws: Draws, patients: Patients) -> pl.DataFrame:
    """A login for nearly everybody, closed with the patient's account."""
    patient = np.flatnonzero(draws.happens("portal", patients.index, 0.93))
    key = patients.index[patient]
    email = patients.email.gather(patient)
    created = at_time_of_day(patients.joined[patient], draws.unit("created", key))
    span = (patients.left - patients.joined)[patient] * DAY
    seen = created + (draws.unit("last login", key) * span).astype(np.int64) + 60
    stage = patients.stage[patient]
    invited = (stage == INTAKE) & draws.happens("invited", key, 0.2)
    usual = np.where(draws.happens("locked", key, 0.03), 1, 0)
    status = np.where(stage == CLOSED, 3, np.where(invited, 2, usual))
    bcrypt = draws.letters("bcrypt", key, 53)
    argon = draws.letters("argon", key, 65).str.replace_all(".", "+", literal=True)
    hashes = pl.DataFrame({"bcrypt": bcrypt, "argon": argon}).select(
        pl.format("$2b$12${}", "bcrypt").alias("bcrypt"),
        pl.format(
            "$argon2id$v=19$m=65536,t=3,p=4${}${}",
            pl.col("argon").str.slice(0, 22),
            pl.col("argon").str.slice(22, 43),
        ).alias("argon"),
    )
    return pl.DataFrame(
        {
            "Id": draws.uuids("portal", key),
            "PATIENT": patients.ids.gather(patient),
            "LOGIN": email.str.replace(r"@.*$", ""),
            "EMAIL": only(
                ~draws.spread("no address", key, rate("account without an address")), email
            ),
            "PHONE": spell_phones(
                draws, "portal_accounts.PHONE", key, patients.digits.gather(patient)
            ),
            "PASSWORD_HASH": choose(
                draws.happens("argon hash", key, 0.2), hashes["argon"], hashes["bcrypt"]
            ),
            "STATUS": pick(("active", "locked", "invited", "closed"), status),
            "CREATED": iso_instants(created),
            "LAST_LOGIN": only(~invited, iso_instants(np.minimum(seen, NEWEST_DAY * DAY))),
        }
    )


def make_subscriptions(draws: Draws, patients: Patients) -> dict[str, pl.DataFrame]:
    """A subscription for everybody past intake, sometimes an earlier one, and what was paid."""
    earlier = draws.happens("earlier", patients.index, 0.15) & ~patients.thin
    long = patients.left - patients.joined > 180
    count = np.where(patients.stage == INTAKE, 0, 1 + (earlier & long))
    patient, number = expand(count.astype(np.int64))
    key = child_keys(patients.index[patient], number)
    joined, left = patients.joined[patient], patients.left[patient]
    switched = joined + (left - joined) * 2 // 5
    former = (number == 0) & (count[patient] == 2)
    start = np.where((number == 1), switched, joined)
    end = np.where(former, switched - 1, left)
    plan = draws.weighted("plan", key, (40, 45, 15))
    period = np.array([p[1] for p in _PLANS], dtype=np.int64)[plan]
    program = patients.program[patient]
    cents = np.array([p.cents for p in PROGRAMS])[program] * np.array([p[2] for p in _PLANS])[plan]
    cents = cents // 100
    stage = patients.stage[patient]
    cancelled = former | (stage == CLOSED)
    due = draws.happens("past due", key, 0.02)
    status = np.where(cancelled, 2, np.where(stage == PAUSED, 1, np.where(due, 3, 0)))
    paid = (end - start) // period + 1
    ids = draws.uuids("subscription", key)
    subscriptions = pl.DataFrame(
        {
            "Id": ids,
            "PATIENT": patients.ids.gather(patient),
            "PROGRAM": pick([p.name for p in PROGRAMS], program),
            "PLAN": pick([p[0] for p in _PLANS], plan),
            "STATUS": pick(("active", "paused", "cancelled", "past_due"), status),
            "STARTED": spell_days(draws, "subscriptions.STARTED", key, start),
            "RENEWS": only(status != 2, iso_days(start + paid * period)),
            "CANCELLED": only(cancelled, iso_days(end)),
            "PRICE": spell_amounts(draws, "subscriptions.PRICE", key, cents),
            "CURRENCY": same("USD", len(key)),
            "PAYMENT_TOKEN": pl.select(
                pl.concat_str(pl.lit("tok_"), draws.uuids("token", key).str.replace_all("-", ""))
            ).to_series(),
        }
    )
    subscription, turn = expand(paid)
    payments = _payments(
        draws,
        patients,
        key=child_keys(key[subscription], turn),
        patient=patient[subscription],
        subscription=ids.gather(subscription),
        day=(start[subscription] + turn * period[subscription]),
        cents=cents[subscription],
        first=(number[subscription] == 0) & (turn == 0),
    )
    return {"subscriptions": subscriptions, "payments": payments}


def _payments(
    draws: Draws,
    patients: Patients,
    *,
    key: Keys,
    patient: Ints,
    subscription: pl.Series,
    day: Ints,
    cents: Ints,
    first: Bools,
) -> pl.DataFrame:
    hour = 6 * 3600 + draws.below("paid at", key, 16 * 3600)

    def first_of(kind: str) -> Bools:
        return np.asarray(first & draws.spread(kind, patients.index, rate(kind))[patient])

    at = day * DAY + hour
    inside = draws.below("odd minute", key, 3600)
    at = np.where(first_of("wall time that never was"), _SKIPPED + inside, at)
    at = np.where(first_of("wall time that was twice"), _REPEATED + inside, at)
    refunded = draws.happens("refund", key, rate("amount in brackets"))
    status = draws.weighted("payment status", key, (965, 30, 5))
    method = draws.weighted("paid with", key, (82, 12, 6))
    digits = draws.below("card", key, 10_000)
    brackets = pl.DataFrame({"amount": amounts(cents)}).select(pl.format("({})", "amount"))
    nobody = draws.uuids("payer of nothing", key)
    return pl.DataFrame(
        {
            "Id": draws.uuids("payment", key),
            "PATIENT": choose(
                first_of("orphan of no patient"), nobody, patients.ids.gather(patient)
            ),
            "SUBSCRIPTION": subscription,
            "AMOUNT": choose(
                refunded,
                brackets.to_series(),
                spell_amounts(draws, "payments.AMOUNT", key, cents),
            ),
            "CURRENCY": same("USD", len(key)),
            "STATUS": pick(
                ("paid", "failed", "pending", "refunded"), np.where(refunded, 3, status)
            ),
            "PAID_AT": wall_times(at),
            "METHOD": pick(("card", "ach", "hsa"), method),
            "CARD_LAST4": only(method != 1, pl.Series(digits).cast(pl.String).str.zfill(4)),
            "PROCESSOR_REF": pl.select(
                pl.concat_str(
                    pl.lit("ch_"), draws.letters("charge", key, 24).str.replace_all(r"[./]", "0")
                )
            ).to_series(),
        }
    )


def make_intake_responses(draws: Draws, patients: Patients) -> pl.DataFrame:
    """Each program's questions; patients in intake have not answered all of them yet."""
    questions = [question for p in PROGRAMS for question in p.questions]
    asked = np.array([len(p.questions) for p in PROGRAMS])
    start = np.cumsum(asked) - asked
    count = np.where(patients.thin, 0, asked[patients.program])
    patient, number = expand(count)
    key = child_keys(patients.index[patient], number)
    question = start[patients.program[patient]] + number
    answers = [answer for _, each in questions for answer in each]
    size = np.array([len(each) for _, each in questions])
    begin = np.cumsum(size) - size
    answer = begin[question] + draws.below("answer", key, size[question])
    reached = draws.below("answered", patients.index, 5)
    whole = draws.happens("undecided", patients.index, rate("intake without a decision"))
    inside = (patients.stage == INTAKE) & ~whole
    waiting = inside[patient] & (number >= reached[patient])
    begun = waiting & (number == reached[patient])
    day = np.minimum(patients.joined[patient], NEWEST_DAY)
    at = at_time_of_day(day, draws.unit("answered at", patients.index)[patient]) + number * 47
    return pl.DataFrame(
        {
            "Id": draws.uuids("answer", key),
            "PATIENT": patients.ids.gather(patient),
            "PROGRAM": pick([p.name for p in PROGRAMS], patients.program[patient]),
            "QUESTION": pick([words for words, _ in questions], question),
            "ANSWER": spell_nothing(draws, "ANSWER", key, only(~waiting, pick(answers, answer))),
            "STATUS": pick(
                ("submitted", "in_progress", "draft"), np.where(begun, 1, np.where(waiting, 2, 0))
            ),
            "ANSWERED_AT": only(~waiting, iso_instants(at)),
        }
    )


def make_preferences(draws: Draws, patients: Patients) -> pl.DataFrame:
    """What each patient may be told by which channel, in old and new spellings."""
    count = np.where(patients.thin, 0, len(_PREFERENCES)).astype(np.int64)
    patient, number = expand(count)
    key = child_keys(patients.index[patient], number)
    agreed = draws.unit("agreed", key) < np.array([0.97, 0.55, 0.85, 0.7, 0.6])[number]
    spellings: Sequence[str] = ("N", "no", "FALSE", "Y", "yes", "TRUE")
    legacy = rate("legacy consent")
    way = draws.weighted("consent", key, (1 - legacy, legacy / 2, legacy / 2))
    span = (patients.left - patients.joined)[patient]
    changed = draws.happens("changed", key, 0.3) & (patients.stage >= ACTIVE)[patient]
    day = patients.joined[patient] + np.where(
        changed, (draws.unit("changed on", key) * span).astype(np.int64), 0
    )
    return pl.DataFrame(
        {
            "Id": draws.uuids("preference", key),
            "PATIENT": patients.ids.gather(patient),
            "CHANNEL": pick([channel for channel, _ in _PREFERENCES], number),
            "TOPIC": pick([topic for _, topic in _PREFERENCES], number),
            "CONSENT": pick(spellings, way + np.where(agreed, 3, 0)),
            "UPDATED_AT": iso_instants(at_time_of_day(day, draws.unit("changed at", key))),
        }
    )
