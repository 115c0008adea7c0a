-- SPDX-License-Identifier: Apache-2.0

-- name: account_insert   role: writer
-- A new account.
INSERT INTO account (name, role, hash, nt_hash, created_us, password_us) VALUES (?1, ?2, ?3, ?4, ?5, ?5);

-- name: account_set   role: writer   hot
-- Its role, and whether it may log on.
UPDATE account SET role = ?2, disabled = ?3 WHERE name = ?1;

-- name: account_password   role: writer   hot
-- Another password; ?3 its NT hash, or NULL.
UPDATE account SET hash = ?2, nt_hash = ?3, password_us = ?4 WHERE name = ?1;

-- name: account_ntlm   role: writer   hot
-- The NT hash of the password it has, or NULL: no NTLM.
UPDATE account SET nt_hash = ?2 WHERE name = ?1;

-- name: account_delete   role: writer   hot
-- An account goes.
DELETE FROM account WHERE name = ?1;

-- name: account_other_administrators   role: writer
-- How many could still run the site without ?1.
SELECT count(*) FROM account WHERE role = 2 AND NOT disabled AND name <> ?1;

-- name: accounts   role: reader
-- All of them, with what proves who they are.
SELECT name, role, disabled, hash, nt_hash FROM account ORDER BY name LIMIT ?1;

-- name: account_hash   role: reader   hot
-- What its password is checked against.
SELECT hash FROM account WHERE name = ?1;
