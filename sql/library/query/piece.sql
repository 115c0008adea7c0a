-- SPDX-License-Identifier: Apache-2.0

-- name: piece_find   role: reader   hot
-- Where a piece lies, and whether it can be believed.
SELECT place, len, damaged, refs, epoch FROM piece WHERE hash = ?1

-- name: piece_add   role: writer
-- A piece that the index may not know yet.
INSERT INTO piece (place, hash, len, epoch, refs) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (hash) DO NOTHING

-- name: piece_move   role: writer   hot
-- A sound copy lies elsewhere now, unless somebody was faster.
UPDATE piece SET place = ?3, damaged = 0, epoch = ?4 WHERE hash = ?1 AND place = ?2

-- name: piece_touch   role: writer   hot
-- A running writer relies on a piece that no version uses.
UPDATE piece SET epoch = ?2 WHERE hash = ?1 AND refs = 0 AND epoch < ?2

-- name: piece_ref   role: writer   hot
-- One more use of a sound piece.
UPDATE piece SET refs = refs + 1 WHERE hash = ?1 AND damaged = 0

-- name: piece_ref_by   role: writer   hot
-- Several more uses of a sound piece.
UPDATE piece SET refs = refs + ?2 WHERE hash = ?1 AND damaged = 0

-- name: piece_ref_any   role: writer   hot
-- One more use of a piece, damaged or not (counting anew).
UPDATE piece SET refs = refs + 1 WHERE hash = ?1

-- name: piece_unref   role: writer   hot
-- One use fewer.
UPDATE piece SET refs = refs - 1, epoch = ?2 WHERE hash = ?1 AND refs > 0

-- name: piece_refs_clear   role: writer
-- Before counting all references anew.
UPDATE piece SET refs = 0, epoch = ?1 WHERE refs <> 0

-- name: piece_damage   role: writer   hot
-- The bytes turned out wrong.
UPDATE piece SET damaged = 1 WHERE hash = ?1 AND damaged = 0

-- name: piece_damage_behind   role: writer   hot
-- Records of a pack (places ?1 to ?2) that end behind place ?3: the file is shorter than it was.
UPDATE piece SET damaged = 1 WHERE place BETWEEN ?1 AND ?2 AND place + 40 + len > ?3 AND damaged = 0

-- name: piece_any_damaged   role: reader   hot
-- Is any piece damaged at all?
SELECT 1 FROM piece INDEXED BY piece_damaged WHERE damaged = 1 LIMIT 1

-- name: piece_dead   role: reader   hot
-- Pieces no version uses and no running writer relies on, behind (epoch ?2, place ?3).
SELECT epoch, place, len, hash FROM piece INDEXED BY piece_dead
WHERE refs = 0 AND epoch < ?1 AND (epoch, place) > (?2, ?3) ORDER BY epoch, place LIMIT 512

-- name: piece_delete   role: writer   hot
-- Forget a piece that is still not used.
DELETE FROM piece WHERE place = ?1 AND refs = 0

-- name: piece_of_pack   role: reader   hot
-- Records of a pack behind place ?1, up to place ?2.
SELECT place, len, hash, damaged FROM piece WHERE place > ?1 AND place <= ?2 ORDER BY place LIMIT 256

-- name: piece_sound_of_pack   role: reader   hot
-- Is a sound piece left between those places?
SELECT 1 FROM piece WHERE place BETWEEN ?1 AND ?2 AND damaged = 0 LIMIT 1

-- name: piece_lose   role: writer   hot
-- The pack of these places goes; what is damaged there stays known as lost.
UPDATE piece SET place = -place WHERE place BETWEEN ?1 AND ?2 AND damaged = 1

-- name: piece_epoch_max   role: reader   hot
-- Youngest epoch among unused pieces.
SELECT max(epoch) FROM piece INDEXED BY piece_dead WHERE refs = 0
