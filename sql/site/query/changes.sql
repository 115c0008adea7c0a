-- SPDX-License-Identifier: Apache-2.0

-- name: change_insert   role: writer
-- One row of the change log.
INSERT INTO change (us, class, path, before, after) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: change_fact   role: writer
-- A fact of ?1 slots, and sequence numbers for them.
INSERT INTO change (seq, us, class, path, after, fact)
VALUES (coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'change'), 0) + ?1, ?2, '', '', '', ?3);

-- name: changes_after   role: reader   hot
-- The log behind a sequence number.
SELECT seq, us, class, path, before, after, fact FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2;

-- name: change_last   role: reader
-- The newest sequence number that was ever given, 0 when none.
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'change'), 0);

-- name: change_floor   role: reader
-- The newest sequence number that retention has passed.
SELECT coalesce((SELECT value FROM counter WHERE name = 'change_floor'), 0);

-- name: change_trim   role: writer   hot
-- Retention passes the log up to a sequence number.
DELETE FROM change WHERE seq <= ?1;

-- name: counter_set   role: writer
-- Sets a counter.
INSERT INTO counter (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: counter_next   role: writer
-- The next number of a counter.
UPDATE counter SET value = value + 1 WHERE name = ?1 RETURNING value;

-- name: counter_init   role: writer
-- A counter that begins behind ?2, unless it is there.
INSERT INTO counter (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING;

-- name: audit_insert   role: writer
-- Who did what.
INSERT INTO audit (us, who, peer, wire, verb, object) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: status_insert   role: writer
-- A status message with its insertion strings and attributes; what shows it, in the order of fact_message_column.
INSERT INTO status_message (message_id, severity, component, site_code, us, attr_package, attr_dp, attr_version,
                            string1, string2, string3, machine)
SELECT k.message_id, k.severity, k.component, ?2, ?3, ?4, ?5, ?6, ?4, ?7, ?8,
       coalesce((SELECT server_name FROM site WHERE code = ?2), '')
  FROM status_kind k WHERE k.message_id = ?1
RETURNING record_id, component, machine, message_id, severity, site_code, us, attr_package, attr_dp, attr_version,
          string1, string2, string3, (SELECT k.text FROM status_kind k WHERE k.message_id = status_message.message_id),
          (SELECT k.cause FROM status_kind k WHERE k.message_id = status_message.message_id),
          (SELECT k.next_step FROM status_kind k WHERE k.message_id = status_message.message_id);

-- name: status_user_insert   role: writer
-- A status message that a program or a person raised.
INSERT INTO status_message (message_id, severity, component, machine, us, message_type, module, process_id, thread_id,
                            win32_error, attr_package, string1, site_code)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, code FROM site WHERE own = 1;

-- name: status_attribute_insert   role: writer
-- An attribute of such a message; the same twice is one.
INSERT OR IGNORE INTO status_attribute (record_id, attribute_id, value) VALUES (?1, ?2, ?3);

-- name: status_oldest   role: reader   hot
-- The oldest status messages below a number.
SELECT record_id FROM status_message WHERE record_id <= ?1 ORDER BY record_id LIMIT ?2;

-- name: status_last   role: reader
-- The newest status message's number.
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'status_message'), 0);

-- name: status_delete   role: writer   hot
-- One status message goes.
DELETE FROM status_message WHERE record_id = ?1;

-- name: status_of_package   role: reader
-- The newest messages of a package.
SELECT message_id, severity, us, attr_dp, string1, string2, string3 FROM status_message
 WHERE attr_package = ?1 ORDER BY record_id DESC LIMIT ?2;
