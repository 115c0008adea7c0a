-- SPDX-License-Identifier: Apache-2.0
-- Accounts of the site.  hash: argon2id.  nt_hash is as good as the password to whoever reads it, so it is there
-- only while the account is allowed NTLM; no view shows either.
CREATE TABLE account (
        account_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        role INTEGER NOT NULL CHECK (role BETWEEN 0 AND 2),
        disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
        hash TEXT NOT NULL,
        nt_hash BLOB CHECK (length(nt_hash) = 16),
        created_us INTEGER NOT NULL,
        password_us INTEGER NOT NULL
) STRICT;

CREATE VIEW TM_User AS
SELECT name AS UserName, role AS Role, disabled AS Disabled, nt_hash IS NOT NULL AS NtlmEnabled,
       created_us AS CreatedTime, password_us AS PasswordTime
  FROM account;
