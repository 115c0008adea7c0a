-- SPDX-License-Identifier: Apache-2.0

-- name: thing_insert   role: writer
-- A new thing.
INSERT INTO thing (name, body) VALUES (?1, ?2);

-- name: thing_by_name   role: reader   hot
-- The thing of that name.
SELECT id, name, body FROM thing WHERE name = ?1;

-- name: thing_count   role: reader
-- How many there are.
SELECT count(*) FROM thing;

-- name: tally_add   role: writer
-- Move the counter that must always equal the number of things.
UPDATE tally SET n = n + ?1 WHERE id = 1;

-- name: tally_read   role: reader
-- The counter.
SELECT n FROM tally;
