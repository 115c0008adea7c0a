-- SPDX-License-Identifier: Apache-2.0
-- What the Distribution Manager asks about single things.

-- name: job_whole   role: reader   hot
-- One job as the Distribution Manager needs it.
SELECT j.job_id, j.pkg_id, coalesce(j.dp_id, 0), p.package_id, d.name, j.action, j.state, j.version, p.priority,
       j.tries, j.next_try_us, j.redistribute, v.manifest, v.total_bytes, p.source_path
  FROM job j JOIN package p ON p.pkg_id = j.pkg_id LEFT JOIN dp d ON d.dp_id = j.dp_id
       LEFT JOIN version v ON v.pkg_id = j.pkg_id AND v.version = j.version
 WHERE j.job_id = ?1;

-- name: package_exists   role: reader   hot
-- Is there a package of that PackageID?
SELECT 1 FROM package WHERE package_id = ?1;

-- name: dps_enrolled   role: reader
-- Every DP that has a certificate, for a verification.
SELECT dp_id, name FROM dp WHERE cert IS NOT NULL ORDER BY name;

-- name: jobs_ready   role: reader
-- Due work on DPs whose content is there, in order of work, narrow: what a pass over the queue looks at.  Looked up by
-- when it is due, so that what waits costs nothing.
SELECT j.job_id, j.pkg_id, j.dp_id, j.action, j.version, j.tries
  FROM job j INDEXED BY job_due JOIN package p ON p.pkg_id = j.pkg_id JOIN dp d ON d.dp_id = j.dp_id
       LEFT JOIN version v ON v.pkg_id = j.pkg_id AND v.version = j.version
 WHERE j.next_try_us <= ?1 AND d.maintenance = 0 AND (v.manifest IS NOT NULL OR j.action = 3)
 ORDER BY coalesce(j.dynamic_order, 4294967296), p.priority, d.priority, j.job_id;

-- name: snapshots_due   role: reader   hot
-- Due snapshots in order of work.
SELECT j.job_id
  FROM job j INDEXED BY job_snapshot CROSS JOIN package p ON p.pkg_id = j.pkg_id
 WHERE j.dp_id IS NULL AND j.next_try_us <= ?1
 ORDER BY coalesce(j.dynamic_order, 4294967296), p.priority, j.job_id;

-- name: jobs_beyond   role: reader   hot
-- Jobs that wait for an instant further away than any retry: the clock was set back since.
SELECT job_id FROM job WHERE next_try_us > ?1;

-- name: dp_spoke   role: writer   hot
-- Its last sign of life; time does not go back.
UPDATE dp SET last_seen_us = ?2 WHERE dp_id = ?1 AND coalesce(last_seen_us, 0) < ?2;
