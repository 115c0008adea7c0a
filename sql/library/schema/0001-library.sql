-- SPDX-License-Identifier: Apache-2.0
-- The index of a content library; the packs hold the truth about bytes, this the truth about versions.
-- tallyman-store(5), docs/decisions/0003-library-packs.md

CREATE TABLE pack (
        pack    INTEGER PRIMARY KEY,            -- number in the file's name
        len     INTEGER NOT NULL,               -- every record before this offset is synced and was looked at
        live    INTEGER NOT NULL DEFAULT 0,     -- bytes of records that rows of piece point to
        pieces  INTEGER NOT NULL DEFAULT 0,     -- how many rows those are
        state   INTEGER NOT NULL DEFAULT 0      -- 0 may grow, 1 sealed (its file is shorter than len), 2 being removed
) STRICT;

-- Rows lie in the order of the bytes, so that a version's references are neighbours.
CREATE TABLE piece (
        place   INTEGER PRIMARY KEY,            -- pack << 32 | offset of the record; negated when its pack is gone
        hash    BLOB    NOT NULL,               -- SHA-256
        len     INTEGER NOT NULL,               -- of the bytes, without the record's header
        refs    INTEGER NOT NULL DEFAULT 0,     -- uses by manifests that have a version, each occurrence counted
        damaged INTEGER NOT NULL DEFAULT 0,     -- 1: the bytes are known to be wrong or missing
        epoch   INTEGER NOT NULL DEFAULT 0      -- youngest writer that may rely on it while refs is 0
) STRICT;

CREATE UNIQUE INDEX piece_hash ON piece (hash);
CREATE INDEX piece_dead ON piece (epoch) WHERE refs = 0;
CREATE INDEX piece_damaged ON piece (damaged) WHERE damaged = 1;

CREATE TABLE version (
        package      TEXT    NOT NULL,
        version      INTEGER NOT NULL,
        manifest     BLOB    NOT NULL,          -- SHA-256 of the manifest file
        committed_us INTEGER NOT NULL,
        n_files      INTEGER NOT NULL,
        total_bytes  INTEGER NOT NULL,
        PRIMARY KEY (package, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX version_manifest ON version (manifest);

CREATE TABLE meta (
        name  TEXT    PRIMARY KEY,              -- next_pack; recount (1: refs must be counted anew)
        value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
