-- SPDX-License-Identifier: Apache-2.0

-- name: pack_add   role: writer
-- A new pack, or one found on disk that the index does not know.
INSERT INTO pack (pack, len) VALUES (?1, 0) ON CONFLICT (pack) DO NOTHING

-- name: pack_get   role: reader   hot
-- One pack.
SELECT len, live, pieces, state FROM pack WHERE pack = ?1

-- name: pack_list   role: reader
-- All packs behind number ?1, a few at a time.
SELECT pack, len, live, pieces, state FROM pack WHERE pack > ?1 ORDER BY pack LIMIT 64

-- name: pack_room   role: reader
-- Packs that may grow, the fullest first.
SELECT pack, len FROM pack WHERE state = 0 AND len < ?1 ORDER BY len DESC

-- name: pack_grow   role: writer   hot
-- A checkpoint: records up to ?2 are synced, ?3 bytes in ?4 pieces of them are pointed to.
UPDATE pack SET len = ?2, live = live + ?3, pieces = pieces + ?4 WHERE pack = ?1

-- name: pack_shrink   role: writer   hot
-- Rows no longer point to ?2 bytes in ?3 pieces.
UPDATE pack SET live = live - ?2, pieces = pieces - ?3 WHERE pack = ?1

-- name: pack_state   role: writer   hot
-- Seal a pack or begin to remove it.
UPDATE pack SET state = ?2 WHERE pack = ?1

-- name: pack_delete   role: writer   hot
-- The file is gone.
DELETE FROM pack WHERE pack = ?1

-- name: pack_totals   role: reader
-- For cas_stats().
SELECT count(*), coalesce(sum(pieces), 0), coalesce(sum(len), 0), coalesce(sum(live), 0) FROM pack WHERE state <> 2

-- name: pack_max   role: reader
-- Highest number in use.
SELECT max(pack) FROM pack
