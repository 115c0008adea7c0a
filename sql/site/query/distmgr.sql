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
