-- What authors of control totals read the source's text with, in DuckDB.
--
-- Written anew on purpose: a macro that shared anything with the translations would share their
-- mistakes. Each gives null for a text that it cannot read; where such a record moved all the same,
-- the total differs and somebody looks. The usual spelling is tried first, because it costs least. What
-- a macro needs more than once stands in a list of one: written out, it would be planned each time.

-- The text without the space around it; null if nothing is left.
CREATE OR REPLACE MACRO word(t) AS nullif(
    regexp_replace(t, '^[\s\x{0B}\x{85}\p{Z}]+|[\s\x{0B}\x{85}\p{Z}]+$', '', 'g'), '');

-- A code: the word in small letters.
CREATE OR REPLACE MACRO code_word(t) AS lower(word(t));

-- A plain number, exact.
CREATE OR REPLACE MACRO number(t) AS TRY_CAST(
    CASE WHEN regexp_full_match(t, '[+-]?(\d+(\.\d*)?|\.\d+)') THEN t
         ELSE list_transform([word(t)], lambda w:
             CASE WHEN regexp_full_match(w, '[+-]?(\d+(\.\d*)?|\.\d+)') THEN w END)[1] END
    AS DECIMAL(28, 10));

-- An amount as people write it: $1,234.50, USD 12, (12.00) and -12.00 for minus twelve.
CREATE OR REPLACE MACRO money(t) AS COALESCE(
    number(t),
    CASE WHEN regexp_matches(t, '\(|-') THEN -1 ELSE 1 END
    * list_transform([regexp_replace(upper(t), '[\s\p{Z}$,()-]|USD', '', 'g')],
        lambda bare: number(bare))[1]);

-- A calendar day: 2024-03-09, 03/09/2024 (month first), 09-Mar-2024, or what a timestamp begins with.
CREATE OR REPLACE MACRO day_of(t) AS COALESCE(
    TRY_CAST(CASE WHEN t LIKE '____-__-__' THEN t END AS DATE),
    list_transform([word(t)], lambda w:
        CASE WHEN regexp_matches(w, '^\d{4}-\d{2}-\d{2}([T ]|$)') THEN TRY_CAST(w[:10] AS DATE)
             WHEN regexp_matches(w, '^\d{1,2}[/-]\w{1,3}[/-]\d{4}$')
                THEN TRY_STRPTIME(w, ['%m/%d/%Y', '%d-%b-%Y'])::DATE END)[1]);

-- An instant that says its offset; a day alone is midnight UTC. A wall time is none.
CREATE OR REPLACE MACRO instant_of(t) AS COALESCE(
    TRY_CAST(CASE WHEN t LIKE '____-__-__T__:__:__Z' THEN t END AS TIMESTAMPTZ),
    list_transform([word(t)], lambda w:
        CASE WHEN regexp_matches(w, ':\d{2}(\.\d+)? ?(Z|[+-]\d{2}:?\d{2})$')
            THEN TRY_CAST(w AS TIMESTAMPTZ) END)[1],
    CASE WHEN NOT contains(t, ':') THEN day_of(t)::TIMESTAMP AT TIME ZONE 'UTC' END);

-- A wall time, 2024-03-09 15:04:05 or 03/09/2024 3:04 PM, without saying where.
CREATE OR REPLACE MACRO wall_time_of(t) AS COALESCE(
    TRY_CAST(CASE WHEN t LIKE '____-__-__ __:__:__' THEN t END AS TIMESTAMP),
    list_transform([word(t)], lambda w: COALESCE(
        TRY_CAST(CASE WHEN regexp_full_match(w, '\d{4}-\d{2}-\d{2}[T ][\d:.]+') THEN w END
            AS TIMESTAMP),
        TRY_STRPTIME(CASE WHEN contains(t, '/') THEN w END,
            ['%m/%d/%Y %I:%M %p', '%m/%d/%Y %I:%M%p'])))[1]);

-- The month of a day, a wall time or an instant (in UTC), as 2024-03.
CREATE OR REPLACE MACRO month_of(d) AS strftime(d, '%Y-%m');

-- Whole seconds since 1970 of an instant: to add up times exactly.
CREATE OR REPLACE MACRO seconds_of(i) AS epoch_us(i) // 1000000;
