-- SPDX-License-Identifier: Apache-2.0

-- name: meta_get   role: reader   hot
-- A number the library remembers.
SELECT value FROM meta WHERE name = ?1

-- name: meta_set   role: writer
-- Remember a number.
INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
