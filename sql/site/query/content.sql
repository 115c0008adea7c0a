-- SPDX-License-Identifier: Apache-2.0

-- name: pkg_by_name   role: reader   hot
-- What orders need of a package, by PackageID.
SELECT p.pkg_id, p.package_id, p.action, p.source_version, p.source_flag, p.priority, p.site_id, s.code, p.name,
       v.manifest, p.source_path
  FROM package p JOIN site s ON s.site_id = p.site_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version
 WHERE p.package_id = ?1;

-- name: pkg_by_id   role: reader   hot
-- The same by number.
SELECT p.pkg_id, p.package_id, p.action, p.source_version, p.source_flag, p.priority, p.site_id, s.code, p.name,
       v.manifest, p.source_path
  FROM package p JOIN site s ON s.site_id = p.site_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version
 WHERE p.pkg_id = ?1;

-- name: pkg_set_action   role: writer   hot
-- ActionInProgress.
UPDATE package SET action = ?2 WHERE pkg_id = ?1;

-- name: pkg_set_version   role: writer   hot
-- A new source version is ordered.
UPDATE package SET source_version = ?2, source_us = ?3, last_refresh_us = ?3, action = ?4 WHERE pkg_id = ?1;

-- name: pkg_delete   role: writer   hot
-- The package goes; programs, versions and summaries with it.
DELETE FROM package WHERE pkg_id = ?1;

-- name: pair_load   role: reader   hot
-- A DP and what the package is on it; state NULL: not assigned.
SELECT d.site_id, s.code, d.name, d.nal_path, a.state, a.held, a.tries, a.next_try_us, a.copied_us, a.since,
       a.received, a.reused, a.reason_code, a.reason
  FROM dp d JOIN site s ON s.site_id = d.site_id LEFT JOIN assignment a ON a.pkg_id = ?1 AND a.dp_id = d.dp_id
 WHERE d.dp_id = ?2;

-- name: fact_pair   role: reader   hot
-- What shows a package on a DP, in the order of fact_pair_column.
SELECT p.pkg_id, d.dp_id, p.package_id, p.name, p.description, p.package_type, p.action, p.source_flag, p.source_version,
       p.source_us, p.created_us, o.code, v.total_bytes,
       d.name, d.nal_path, d.protected, d.agent_version, d.health_enabled, s.code, s.name,
       a.state, a.held, a.tries, a.next_try_us, a.copied_us, a.summary_us, a.received, a.reused, a.reason_code, a.reason,
       m.record_id, m.message_id, m.severity, m.us, m.text,
       (SELECT count(*) FROM group_member gm
          JOIN group_package gp ON gp.group_row = gm.group_row AND gp.pkg_id = a.pkg_id WHERE gm.dp_id = a.dp_id),
       r.targeted, r.installed, r.retrying, r.failed, r.n_assigned, r.ready, r.ready_us, r.source_error,
       t.targeted, t.installed, t.retrying, t.failed, t.summary_us,
       (SELECT max(k.summary_us) FROM detail_summary k WHERE k.pkg_id = a.pkg_id),
       q.assigned, q.installed, q.retrying, q.failed, q.last_us,
       (SELECT group_concat(c.state || ' ' || c.assets || ' ' || c.last_us) FROM package_category c WHERE c.pkg_id = a.pkg_id)
  FROM assignment a CROSS JOIN package p ON p.pkg_id = a.pkg_id CROSS JOIN site o ON o.site_id = p.site_id
       CROSS JOIN dp d ON d.dp_id = a.dp_id CROSS JOIN site s ON s.site_id = d.site_id
       CROSS JOIN pair_status m ON m.id = a.pkg_id << 20 | a.dp_id CROSS JOIN root_summary r ON r.pkg_id = a.pkg_id
       CROSS JOIN detail_summary t ON t.pkg_id = a.pkg_id AND t.site_id = d.site_id
       CROSS JOIN dp_summary q ON q.dp_id = a.dp_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version
 WHERE a.pkg_id = ?1 AND a.dp_id = ?2;

-- name: pair_put   role: writer   hot
-- The pair as it is now.
INSERT INTO assignment (pkg_id, dp_id, state, held, tries, next_try_us, copied_us, since, received, reused,
                        reason_code, reason, summary_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT (pkg_id, dp_id) DO UPDATE
   SET state = excluded.state, held = excluded.held, tries = excluded.tries, next_try_us = excluded.next_try_us,
       copied_us = excluded.copied_us, since = excluded.since, received = excluded.received,
       reused = excluded.reused, reason_code = excluded.reason_code, reason = excluded.reason,
       summary_us = excluded.summary_us;

-- name: pair_since   role: writer   hot
-- Which orders' reports are believed; nothing that anybody sees.
UPDATE assignment SET since = ?3 WHERE pkg_id = ?1 AND dp_id = ?2;

-- name: pair_delete   role: writer   hot
-- The pair ends.
DELETE FROM assignment WHERE pkg_id = ?1 AND dp_id = ?2;

-- name: pairs_of_package   role: reader   hot
-- The DPs of a package.
SELECT dp_id, state FROM assignment WHERE pkg_id = ?1 ORDER BY dp_id;

-- name: pairs_of_dp   role: reader   hot
-- The packages of a DP.
SELECT a.pkg_id, a.state FROM assignment a WHERE a.dp_id = ?1 ORDER BY a.pkg_id;

-- name: pairs_in_trouble   role: reader   hot
-- What failed or needs attention, of all packages.
SELECT pkg_id, dp_id, state FROM assignment WHERE state IN (3, 6, 8) ORDER BY pkg_id, dp_id;

-- name: version_of   role: reader   hot
-- The identity of a version.
SELECT manifest, total_bytes FROM version WHERE pkg_id = ?1 AND version = ?2;

-- name: version_insert   role: writer
-- A version is in the library.
INSERT INTO version (pkg_id, version, manifest, total_bytes, n_files, published_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: root_insert   role: writer
-- The root row comes with the package.
INSERT INTO root_summary (pkg_id, ready, ready_us) VALUES (?1, ?2, ?3);

-- name: root_add   role: writer   hot
-- Differences to the root counters; the sums back.
UPDATE root_summary
   SET targeted = targeted + ?2, installed = installed + ?3, retrying = retrying + ?4, failed = failed + ?5,
       n_assigned = n_assigned + ?6
 WHERE pkg_id = ?1
RETURNING targeted, installed, n_assigned, ready;

-- name: root_get   role: reader   hot
-- The root counters.
SELECT targeted, installed, n_assigned, ready FROM root_summary WHERE pkg_id = ?1;

-- name: root_ready   role: writer   hot
-- The Ready condition turns.
UPDATE root_summary SET ready = ?2, ready_us = ?3 WHERE pkg_id = ?1;

-- name: root_source_error   role: writer   hot
-- Why the source could not be read, or NULL.
UPDATE root_summary SET source_error = ?2 WHERE pkg_id = ?1;

-- name: detail_insert   role: writer
-- A site's row comes with its first DP, or for a package without source files.
INSERT INTO detail_summary (pkg_id, site_id, summary_us) VALUES (?1, ?2, ?3) ON CONFLICT (pkg_id, site_id) DO NOTHING;

-- name: detail_add   role: writer   hot
-- Differences to a site's counters; the sums back.
UPDATE detail_summary
   SET targeted = targeted + ?3, installed = installed + ?4, retrying = retrying + ?5, failed = failed + ?6,
       n_assigned = n_assigned + ?7, summary_us = ?8
 WHERE pkg_id = ?1 AND site_id = ?2
RETURNING targeted, installed, n_assigned;

-- name: detail_touch   role: writer   hot
-- All sites' rows of a package report a change.
UPDATE detail_summary SET summary_us = ?2 WHERE pkg_id = ?1;

-- name: detail_delete   role: writer   hot
-- A site's row goes with its last DP.
DELETE FROM detail_summary WHERE pkg_id = ?1 AND site_id = ?2;

-- name: detail_delete_all   role: writer   hot
-- All sites' rows of a package go.
DELETE FROM detail_summary WHERE pkg_id = ?1;

-- name: job_insert   role: writer
-- Work for the Distribution Manager.
INSERT INTO job (pkg_id, dp_id, slot, action, version, redistribute, next_try_us, created_us, updated_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7);

-- name: job_of_pair   role: reader   hot
-- The job in a slot of a pair.
SELECT job_id, tries FROM job WHERE pkg_id = ?1 AND dp_id = ?2 AND slot = ?3;

-- name: job_dp_works   role: reader   hot
-- Whether an order of a DP is being carried out.
SELECT EXISTS (SELECT 1 FROM job WHERE dp_id = ?1 AND state IN (2, 3));

-- name: job_of_snapshot   role: reader   hot
-- The snapshot of a package that is to be made.
SELECT job_id, tries FROM job WHERE pkg_id = ?1 AND dp_id IS NULL;

-- name: job_get   role: reader   hot
-- One job.
SELECT job_id, pkg_id, coalesce(dp_id, 0), slot, action, state, version, tries, redistribute FROM job WHERE job_id = ?1;

-- name: job_delete   role: writer   hot
-- A job leaves the queue.
DELETE FROM job WHERE job_id = ?1;

-- name: job_set   role: writer   hot
-- State, tries and when it is due.
UPDATE job SET state = ?2, tries = ?3, next_try_us = ?4, updated_us = ?5 WHERE job_id = ?1;

-- name: job_start   role: writer   hot
-- Work on it has begun.
UPDATE job SET state = 2, started_us = ?2, updated_us = ?2 WHERE job_id = ?1;

-- name: job_progress   role: writer   hot
-- How many bytes of the version its DP has by now.
UPDATE job SET done_bytes = ?2, updated_us = ?3 WHERE job_id = ?1 AND state = 2;

-- name: job_order   role: writer   hot
-- Its place in the queue, as an operator wants it.
UPDATE job SET dynamic_order = ?2, updated_us = ?3 WHERE job_id = ?1;

-- name: job_last   role: reader
-- The newest job number ever given.
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'job'), 0);

-- name: jobs_due   role: reader
-- Due or running jobs in order of work.  A job that was changed after now was so before the clock was set back: it is
-- due too.  A DP in maintenance gets nothing new.
SELECT j.job_id, j.pkg_id, coalesce(j.dp_id, 0), p.package_id, d.name, j.action, j.state, j.version, p.priority,
       j.tries, j.next_try_us, j.redistribute, v.manifest, v.total_bytes, p.source_path
  FROM job j JOIN package p ON p.pkg_id = j.pkg_id LEFT JOIN dp d ON d.dp_id = j.dp_id
       LEFT JOIN version v ON v.pkg_id = j.pkg_id AND v.version = j.version
 WHERE (j.next_try_us <= ?1 OR j.updated_us > ?1 + 60000000 OR j.state = 2) AND (d.maintenance IS NOT 1 OR j.state = 2)
 ORDER BY coalesce(j.dynamic_order, 4294967296), p.priority, coalesce(d.priority, 0), j.job_id;

-- name: jobs_due_on_dp   role: reader   hot
-- The same for one DP.
SELECT j.job_id, j.pkg_id, coalesce(j.dp_id, 0), p.package_id, d.name, j.action, j.state, j.version, p.priority,
       j.tries, j.next_try_us, j.redistribute, v.manifest, v.total_bytes, p.source_path
  FROM job j JOIN package p ON p.pkg_id = j.pkg_id JOIN dp d ON d.dp_id = j.dp_id
       LEFT JOIN version v ON v.pkg_id = j.pkg_id AND v.version = j.version
 WHERE j.dp_id = ?2 AND (j.next_try_us <= ?1 OR j.updated_us > ?1 + 60000000 OR j.state = 2)
       AND (d.maintenance = 0 OR j.state = 2)
 ORDER BY coalesce(j.dynamic_order, 4294967296), p.priority, j.job_id;

-- name: jobs_next_due   role: reader   hot
-- When the next waiting job is due.
SELECT min(next_try_us) FROM job WHERE next_try_us > ?1;

-- name: jobs_started   role: reader
-- Jobs that an earlier life had begun.
SELECT job_id FROM job WHERE state = 2 ORDER BY job_id;

-- name: jobs_of_dp   role: reader   hot
-- Waiting retries of a DP.
SELECT job_id, pkg_id, slot, tries FROM job WHERE dp_id = ?1 AND next_try_us > ?2 ORDER BY job_id;

-- name: jobs_of_pair   role: reader   hot
-- All jobs of a pair.
SELECT job_id FROM job WHERE pkg_id = ?1 AND dp_id = ?2;
