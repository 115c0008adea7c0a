-- SPDX-License-Identifier: Apache-2.0
-- Security scopes: which objects belong to which, and which accounts see which.
-- An account that is in no row of account_scope sees everything.

CREATE TABLE secured_category (
        category_row INTEGER PRIMARY KEY,
        category_id TEXT NOT NULL UNIQUE COLLATE NOCASE,        /* SMS00ALL: all; SMS00UNA: what is in none */
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        description TEXT,
        builtin INTEGER NOT NULL DEFAULT 0,
        created_by TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        modified_by TEXT NOT NULL,
        modified_us INTEGER NOT NULL
) STRICT;

-- object_type: 2 package, 6 site, 42 distribution point (NAL path), 43 distribution point group.  Outlives the object,
-- whose key is never given again.
CREATE TABLE secured_membership (
        object_type INTEGER NOT NULL,
        object_key TEXT NOT NULL COLLATE NOCASE,
        category_row INTEGER NOT NULL REFERENCES secured_category ON DELETE CASCADE,
        PRIMARY KEY (object_type, object_key, category_row)
) STRICT, WITHOUT ROWID;
CREATE INDEX secured_membership_category ON secured_membership (category_row);

CREATE TABLE scoped_account (
        account_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE
) STRICT;
CREATE TABLE account_scope (
        account_id INTEGER NOT NULL REFERENCES scoped_account,
        category_row INTEGER NOT NULL REFERENCES secured_category ON DELETE RESTRICT,
        PRIMARY KEY (account_id, category_row)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_scope_category ON account_scope (category_row);

-- A DP belongs to the scopes of itself, of its groups and of its site; a site server to those of its site.
CREATE VIEW TM_DPScope AS
SELECT m.object_key AS NALPath, m.category_row AS category_row FROM secured_membership m WHERE m.object_type = 42
UNION ALL
SELECT d.nal_path, m.category_row
  FROM dp d JOIN group_member k ON k.dp_id = d.dp_id JOIN dp_group g ON g.group_row = k.group_row
       JOIN secured_membership m ON m.object_type = 43 AND m.object_key = g.group_id
UNION ALL
SELECT d.nal_path, m.category_row
  FROM dp d JOIN site s ON s.site_id = d.site_id JOIN secured_membership m ON m.object_type = 6 AND m.object_key = s.code
UNION ALL
SELECT s.server_name, m.category_row FROM site s JOIN secured_membership m ON m.object_type = 6 AND m.object_key = s.code
UNION ALL
SELECT '["Display=\\' || s.server_name || '\"]MSWNET:["SMS_SITE=' || s.code || '"]\\' || s.server_name || '\', m.category_row
  FROM site s JOIN secured_membership m ON m.object_type = 6 AND m.object_key = s.code;

CREATE VIEW SMS_SecuredCategory AS
SELECT c.category_id AS CategoryID, c.name AS CategoryName, c.description AS CategoryDescription, c.builtin AS IsBuiltIn,
       c.created_by AS CreatedBy, c.created_us AS CreatedDate, c.modified_by AS LastModifiedBy, c.modified_us AS LastModifiedDate,
       (SELECT count(*) FROM account_scope a WHERE a.category_row = c.category_row) AS NumberOfAdmins,
       (SELECT count(*) FROM secured_membership m WHERE m.category_row = c.category_row) AS NumberOfObjects,
       s.code AS SourceSite
  FROM secured_category c JOIN site s ON s.own = 1;

-- Columns behind the properties are for conditions (src/model/scope.c).
CREATE VIEW SMS_SecuredCategoryMembership AS
SELECT c.category_id AS CategoryID, m.object_key AS ObjectKey, m.object_type AS ObjectTypeID, m.category_row AS category_row
  FROM secured_membership m JOIN secured_category c ON c.category_row = m.category_row;

CREATE VIEW TM_AccountScope AS
SELECT a.name AS LogonName, c.category_id AS CategoryID, k.account_id AS account_id, k.category_row AS category_row
  FROM account_scope k JOIN scoped_account a ON a.account_id = k.account_id
       JOIN secured_category c ON c.category_row = k.category_row;
