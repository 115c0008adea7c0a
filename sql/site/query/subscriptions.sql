-- SPDX-License-Identifier: Apache-2.0

-- name: filter_insert   role: writer
-- An event filter.
INSERT INTO event_filter (name, query, language, namespace, access) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: filter_update   role: writer   hot
-- What a caller may change of an event filter.
UPDATE event_filter SET query = ?2, language = ?3, namespace = ?4, access = ?5 WHERE name = ?1;

-- name: filter_delete   role: writer   hot
-- An event filter goes.
DELETE FROM event_filter WHERE name = ?1;

-- name: consumer_insert   role: writer
-- A consumer of class ?1; ?3 its secret.
INSERT INTO event_consumer (class, name, secret) VALUES (?1, ?2, ?3);

-- name: consumer_secret   role: writer   hot
-- Another secret, or none.
UPDATE event_consumer SET secret = ?3 WHERE class = ?1 AND name = ?2;

-- name: consumer_properties   role: writer
-- What a consumer is like: ?3, a JSON object.
INSERT OR REPLACE INTO event_consumer_property (class, name, property, value)
SELECT ?1, ?2, key, value FROM json_each(?3);

-- name: consumer_delete   role: writer   hot
-- A consumer goes.
DELETE FROM event_consumer WHERE class = ?1 AND name = ?2;

-- name: binding_insert   role: writer
-- The events of filter ?3 from sequence ?8 on go to consumer ?2 of class ?1.
INSERT INTO event_binding (consumer_class, consumer_name, filter_name, deliver_synchronously, qos, maintain_context,
                           slow_down, cursor, since_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: binding_update   role: writer   hot
-- What a caller may change of a binding.
UPDATE event_binding SET deliver_synchronously = ?4, qos = ?5, maintain_context = ?6, slow_down = ?7
 WHERE consumer_class = ?1 AND consumer_name = ?2 AND filter_name = ?3;

-- name: binding_delete   role: writer   hot
-- A filter's events no longer go to a consumer.
DELETE FROM event_binding WHERE consumer_class = ?1 AND consumer_name = ?2 AND filter_name = ?3;

-- name: binding_count   role: reader
-- How many bindings there are.
SELECT count(*) FROM event_binding;

-- name: binding_forget_filter   role: writer   hot
-- Filter ?1 has gone: when there is one of that name again, it begins with what comes then.
UPDATE event_binding SET cursor = NULL WHERE filter_name = ?1;

-- name: binding_forget_consumer   role: writer   hot
-- The same of a consumer.
UPDATE event_binding SET cursor = NULL WHERE consumer_class = ?1 AND consumer_name = ?2;

-- name: binding_cursor   role: writer   hot
-- Binding ?1 has delivered everything up to ?2.
UPDATE event_binding SET cursor = ?2 WHERE binding_id = ?1 AND coalesce(cursor, 0) < ?2;

-- name: binding_state   role: writer   hot
-- How binding ?1 does.
UPDATE event_binding SET state = ?2, since_us = ?3, last_error = ?4 WHERE binding_id = ?1;

-- name: subscriptions   role: reader
-- Every binding with the filter and consumer it needs; a binding that lacks one waits.
SELECT b.binding_id, b.cursor, b.state, f.name, f.query, c.class, c.name, c.secret
  FROM event_binding b JOIN event_filter f ON f.name = b.filter_name
       JOIN event_consumer c ON c.class = b.consumer_class AND c.name = b.consumer_name
 ORDER BY b.binding_id LIMIT ?1;

-- name: failure_insert   role: writer
-- An event that was not delivered.
INSERT INTO event_failure (us, filter, consumer, dropped, code, description, tries, event)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: failure_oldest   role: reader   hot
-- Up to ?2 of the failures that have the number ?1 or less.
SELECT failure_id FROM event_failure WHERE failure_id <= ?1 ORDER BY failure_id LIMIT ?2;

-- name: failure_delete   role: writer   hot
-- A failure goes.
DELETE FROM event_failure WHERE failure_id = ?1;
