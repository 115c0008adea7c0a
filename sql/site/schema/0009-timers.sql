-- SPDX-License-Identifier: Apache-2.0
-- Instructions for WMI's timer events: at an instant, or every so many milliseconds.
CREATE TABLE timer_instruction (
        timer_id TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
        skip_if_passed INTEGER NOT NULL,
        event_us INTEGER,               -- the instant; NULL: interval_ms
        interval_ms INTEGER,
        fired INTEGER NOT NULL DEFAULT 0,
        CHECK ((event_us IS NULL) <> (interval_ms IS NULL))
) STRICT;

CREATE VIEW __AbsoluteTimerInstruction AS
SELECT timer_id AS TimerId, skip_if_passed AS SkipIfPassed, event_us AS EventDateTime
  FROM timer_instruction WHERE event_us IS NOT NULL;

CREATE VIEW __IntervalTimerInstruction AS
SELECT timer_id AS TimerId, skip_if_passed AS SkipIfPassed, interval_ms AS IntervalBetweenEvents
  FROM timer_instruction WHERE interval_ms IS NOT NULL;
