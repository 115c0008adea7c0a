-- SPDX-License-Identifier: Apache-2.0
-- The content status classes.

-- name: pair_status_put   role: writer   hot
-- The latest status message of a package on a DP; where it is not assigned, nothing.
UPDATE pair_status
   SET record_id = ?3, message_id = ?4, severity = (SELECT severity FROM status_kind WHERE message_id = ?4), us = ?5,
       text = ?6
 WHERE id = ?1 << 20 | ?2;

-- name: counter_value   role: reader   hot
-- The last number of a counter that was given out.
SELECT value FROM counter WHERE name = ?1;

-- name: group_collection_insert   role: writer
-- A collection is associated with a DP group.
INSERT INTO group_collection (group_row, collection_row) VALUES (?1, ?2);

-- name: group_collection_delete   role: writer   hot
-- A collection is no longer associated.
DELETE FROM group_collection WHERE group_row = ?1 AND collection_row = ?2;

-- name: groups_of_collection   role: reader   hot
-- The DP groups with which a collection is associated.
SELECT group_row FROM group_collection WHERE collection_row = ?1;

-- name: verify_content   role: reader
-- What triggers keep, recounted: each row is a difference.
SELECT 'distribution point ' || d.name AS what
  FROM dp d JOIN dp_summary t ON t.dp_id = d.dp_id LEFT JOIN assignment a ON a.dp_id = d.dp_id
 GROUP BY d.dp_id
HAVING t.assigned <> count(a.state) OR t.installed <> count(a.state = 0 OR NULL)
       OR t.retrying <> count(a.state IN (2, 5) OR NULL) OR t.failed <> count(a.state IN (3, 6, 8) OR NULL)
UNION ALL
SELECT 'DP group ' || g.name
  FROM dp_group g JOIN group_summary t ON t.group_row = g.group_row
       LEFT JOIN group_member m ON m.group_row = g.group_row LEFT JOIN group_package p ON p.group_row = g.group_row
       LEFT JOIN assignment a ON a.pkg_id = p.pkg_id AND a.dp_id = m.dp_id
 GROUP BY g.group_row
HAVING t.assigned <> count(a.state) OR t.installed <> count(a.state = 0 OR NULL)
       OR t.failed <> count(a.state IN (3, 6, 8) OR NULL)
UNION ALL
SELECT 'package ' || p.package_id || ' in state ' || c.state
  FROM package_category c JOIN package p ON p.pkg_id = c.pkg_id
 WHERE c.assets <> (SELECT count(*) FROM assignment a WHERE a.pkg_id = c.pkg_id AND a.state = c.state)
UNION ALL
SELECT 'package number ' || a.pkg_id || ' on distribution point number ' || a.dp_id
  FROM assignment a
 WHERE NOT EXISTS (SELECT 1 FROM pair_status m WHERE m.id = a.pkg_id << 20 | a.dp_id)
       OR NOT EXISTS (SELECT 1 FROM package_category c WHERE c.pkg_id = a.pkg_id AND c.state = a.state)
UNION ALL
SELECT 'status number ' || m.id FROM pair_status m
 WHERE NOT EXISTS (SELECT 1 FROM assignment a WHERE a.pkg_id = m.id >> 20 AND a.dp_id = (m.id & 1048575));
