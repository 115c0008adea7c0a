-- SPDX-License-Identifier: Apache-2.0

-- name: scope_of_account   role: reader   hot
-- What an account sees: its number, and whether all and what is in no scope are among it. No row: it sees everything.
SELECT a.account_id, max(c.category_id = 'SMS00ALL'), max(c.category_id = 'SMS00UNA')
  FROM scoped_account a JOIN account_scope k ON k.account_id = a.account_id
       JOIN secured_category c ON c.category_row = k.category_row
 WHERE a.name = ?1 GROUP BY a.account_id;

-- name: scope_account_insert   role: writer
-- An account is about to be given a scope.
INSERT OR IGNORE INTO scoped_account (name) VALUES (?1);

-- name: scope_account   role: reader   hot
-- An account's number, and how many scopes it has.
SELECT a.account_id, (SELECT count(*) FROM account_scope k WHERE k.account_id = a.account_id)
  FROM scoped_account a WHERE a.name = ?1;

-- name: scope_account_add   role: writer
-- An account sees a scope.
INSERT INTO account_scope (account_id, category_row) VALUES (?1, ?2);

-- name: scope_account_remove   role: writer   hot
-- An account no longer sees a scope.
DELETE FROM account_scope WHERE account_id = ?1 AND category_row = ?2;

-- name: category_insert   role: writer
-- A security scope.
INSERT INTO secured_category (category_id, name, description, builtin, created_by, created_us, modified_by, modified_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?5, ?6);

-- name: category_update   role: writer   hot
-- Its name and description.
UPDATE secured_category SET name = ?2, description = ?3, modified_by = ?4, modified_us = ?5 WHERE category_row = ?1;

-- name: category_delete   role: writer   hot
-- A security scope goes, with its memberships.
DELETE FROM secured_category WHERE category_row = ?1;

-- name: category_row   role: reader   hot
-- A security scope by CategoryID; whether it is built in, and how many accounts see it.
SELECT c.category_row, c.builtin, (SELECT count(*) FROM account_scope k WHERE k.category_row = c.category_row)
  FROM secured_category c WHERE c.category_id = ?1;

-- name: category_packages   role: reader
-- The packages in a security scope.
SELECT m.object_key FROM secured_membership m WHERE m.category_row = ?1 AND m.object_type = 2;

-- name: membership_insert   role: writer
-- An object joins a scope.
INSERT INTO secured_membership (category_row, object_type, object_key) VALUES (?1, ?2, ?3);

-- name: membership_delete   role: writer   hot
-- An object leaves a scope.
DELETE FROM secured_membership WHERE category_row = ?1 AND object_type = ?2 AND object_key = ?3;
