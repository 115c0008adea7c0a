-- SPDX-License-Identifier: Apache-2.0

-- name: timer_insert   role: writer
-- A timer instruction: ?3 the instant, or ?4 milliseconds.
INSERT INTO timer_instruction (timer_id, skip_if_passed, event_us, interval_ms) VALUES (?1, ?2, ?3, ?4);

-- name: timer_update   role: writer   hot
-- The same changed: it has not fired yet.
UPDATE timer_instruction SET skip_if_passed = ?2, event_us = ?3, interval_ms = ?4, fired = 0 WHERE timer_id = ?1;

-- name: timer_fired   role: writer   hot
-- The instant of ?1, which was ?2, has been told.
UPDATE timer_instruction SET fired = 1 WHERE timer_id = ?1 AND event_us = ?2;

-- name: timer_delete   role: writer   hot
-- A timer instruction goes.
DELETE FROM timer_instruction WHERE timer_id = ?1;

-- name: timers   role: reader
-- What is still to be told.
SELECT timer_id, skip_if_passed, event_us, interval_ms FROM timer_instruction WHERE NOT fired ORDER BY timer_id LIMIT ?1;
