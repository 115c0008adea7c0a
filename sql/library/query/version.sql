-- SPDX-License-Identifier: Apache-2.0

-- name: version_add   role: writer
-- A version becomes visible.
INSERT INTO version (package, version, manifest, committed_us, n_files, total_bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)

-- name: version_get   role: reader   hot
-- One version.
SELECT package, version, manifest, committed_us, n_files, total_bytes FROM version WHERE package = ?1 AND version = ?2

-- name: version_newest   role: reader   hot
-- The newest version of a package.
SELECT package, version, manifest, committed_us, n_files, total_bytes FROM version WHERE package = ?1
ORDER BY version DESC LIMIT 1

-- name: version_next   role: reader   hot
-- Versions behind (?1, ?2), a few at a time.
SELECT package, version, manifest, committed_us, n_files, total_bytes FROM version WHERE (package, version) > (?1, ?2)
ORDER BY package, version LIMIT 32

-- name: version_manifests   role: reader
-- Every manifest that some version uses, once, behind ?1.
SELECT DISTINCT manifest FROM version WHERE manifest > ?1 ORDER BY manifest LIMIT 32

-- name: version_uses   role: reader   hot
-- How many versions have this manifest.
SELECT count(*) FROM version WHERE manifest = ?1

-- name: version_delete   role: writer   hot
-- Drop one version.
DELETE FROM version WHERE package = ?1 AND version = ?2

-- name: version_count   role: reader
-- For cas_stats().
SELECT count(*) FROM version
