-- SPDX-License-Identifier: Apache-2.0
-- Recounting everything that is counted incrementally: each row of a result is a difference.

-- name: verify_root   role: reader
-- Root counters that are not the sums over assignments.
SELECT p.package_id, r.targeted, r.installed, r.retrying, r.failed, r.n_assigned,
       count(a.state IN (0, 1, 2, 3, 7, 8) OR NULL) AS targeted_is,
       count((a.state = 0 AND a.held = p.source_version) OR NULL) AS installed_is,
       count(a.state IN (2, 5) OR NULL) AS retrying_is, count(a.state IN (3, 6) OR NULL) AS failed_is,
       count(a.state) AS assigned_is
  FROM root_summary r JOIN package p ON p.pkg_id = r.pkg_id LEFT JOIN assignment a ON a.pkg_id = r.pkg_id
 GROUP BY r.pkg_id
HAVING targeted <> targeted_is OR installed <> installed_is OR retrying <> retrying_is OR failed <> failed_is
       OR n_assigned <> assigned_is;

-- name: verify_detail   role: reader
-- Site counters that are not the sums over the site's assignments.
WITH counted AS (
        SELECT a.pkg_id, d.site_id, count(a.state IN (0, 1, 2, 3, 7, 8) OR NULL) AS targeted,
               count((a.state = 0 AND a.held = p.source_version) OR NULL) AS installed,
               count(a.state IN (2, 5) OR NULL) AS retrying, count(a.state IN (3, 6) OR NULL) AS failed,
               count(*) AS n_assigned
          FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
         GROUP BY a.pkg_id, d.site_id)
SELECT p.package_id, t.targeted, t.installed, t.retrying, t.failed, t.n_assigned, coalesce(c.targeted, 0),
       coalesce(c.installed, 0), coalesce(c.retrying, 0), coalesce(c.failed, 0), coalesce(c.n_assigned, 0), s.code
  FROM detail_summary t JOIN package p ON p.pkg_id = t.pkg_id JOIN site s ON s.site_id = t.site_id
       LEFT JOIN counted c ON c.pkg_id = t.pkg_id AND c.site_id = t.site_id
 WHERE t.targeted <> coalesce(c.targeted, 0) OR t.installed <> coalesce(c.installed, 0)
       OR t.retrying <> coalesce(c.retrying, 0) OR t.failed <> coalesce(c.failed, 0)
       OR t.n_assigned <> coalesce(c.n_assigned, 0)
       OR (c.pkg_id IS NULL AND p.source_flag <> 1);

-- name: verify_detail_missing   role: reader
-- Sites with DPs of a package and no row, and packages without source files and without their row.
SELECT DISTINCT p.package_id, s.code
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
       JOIN site s ON s.site_id = d.site_id
 WHERE NOT EXISTS (SELECT 1 FROM detail_summary t WHERE t.pkg_id = a.pkg_id AND t.site_id = d.site_id)
UNION
SELECT p.package_id, s.code FROM package p JOIN site s ON s.site_id = p.site_id
 WHERE p.source_flag = 1 AND p.action <> 3
   AND NOT EXISTS (SELECT 1 FROM detail_summary t WHERE t.pkg_id = p.pkg_id AND t.site_id = p.site_id);

-- name: verify_states   role: reader
-- Rows whose state contradicts what the DP holds, or that wait for work nobody has, or have work they must not have.
SELECT p.package_id, d.name,
       CASE WHEN a.state = 0 AND a.held <> p.source_version THEN 'INSTALLED without the current version'
            WHEN a.state = 0 AND v.pkg_id IS NULL THEN 'INSTALLED of a version that was never published'
            WHEN a.state = 7 AND a.held = 0 THEN 'CONTENT_UPDATING without an older version'
            WHEN a.held > p.source_version THEN 'a version that does not exist'
            WHEN a.state IN (1, 2, 4, 5, 7) AND j.job_id IS NULL THEN 'waits, and there is no job'
            WHEN a.state IN (0, 3, 6, 8) AND j.job_id IS NOT NULL THEN 'is done with, and there is a job'
            WHEN j.action = 3 AND a.state NOT IN (4, 5) THEN 'is to stay, and the job removes it'
            WHEN j.action <> 3 AND a.state IN (4, 5) THEN 'is to go, and the job installs it'
            WHEN j.action <> 3 AND j.version <> p.source_version THEN 'the job is for another version'
            WHEN p.source_flag = 1 THEN 'the package has no source files'
            END AS what
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version
       LEFT JOIN job j ON j.pkg_id = a.pkg_id AND j.dp_id = a.dp_id AND j.slot = 0
 WHERE what IS NOT NULL;

-- name: verify_jobs   role: reader
-- Jobs of pairs that do not exist, and versions that wait for a snapshot nobody makes.
SELECT p.package_id, coalesce(d.name, ''), 'job ' || j.job_id || ' is for a package that is not assigned'
  FROM job j JOIN package p ON p.pkg_id = j.pkg_id JOIN dp d ON d.dp_id = j.dp_id
 WHERE NOT EXISTS (SELECT 1 FROM assignment a WHERE a.pkg_id = j.pkg_id AND a.dp_id = j.dp_id)
UNION ALL
SELECT p.package_id, '', 'version ' || p.source_version || ' is neither in the library nor being read, and DPs wait for it'
  FROM package p
 WHERE p.source_flag <> 1
   AND NOT EXISTS (SELECT 1 FROM version v WHERE v.pkg_id = p.pkg_id AND v.version = p.source_version)
   AND NOT EXISTS (SELECT 1 FROM job j WHERE j.pkg_id = p.pkg_id AND j.dp_id IS NULL)
   AND EXISTS (SELECT 1 FROM assignment a WHERE a.pkg_id = p.pkg_id AND a.state IN (1, 2, 7));

-- name: verify_ready   role: reader
-- Ready conditions that are not what the counters say.
SELECT p.package_id, r.ready, p.action <> 3 AND (p.source_flag = 1 OR (r.targeted > 0 AND r.installed = r.targeted)) AS ready_is
  FROM root_summary r JOIN package p ON p.pkg_id = r.pkg_id
 WHERE ready <> ready_is;

-- name: verify_groups   role: reader
-- DP groups whose counts are not those of their members and packages.
SELECT g.name, g.n_members, g.n_packages, g.n_out_of_sync,
       (SELECT count(*) FROM group_member m WHERE m.group_row = g.group_row) AS members_is,
       (SELECT count(*) FROM group_package p WHERE p.group_row = g.group_row) AS packages_is,
       (SELECT count(*) FROM group_package p WHERE p.group_row = g.group_row
         AND EXISTS (SELECT 1 FROM group_member m
                      WHERE m.group_row = g.group_row
                        AND NOT EXISTS (SELECT 1 FROM assignment a
                                         WHERE a.pkg_id = p.pkg_id AND a.dp_id = m.dp_id AND a.state = 0))) AS sync_is
  FROM dp_group g
 WHERE n_members <> members_is OR n_packages <> packages_is OR n_out_of_sync <> sync_is;

-- name: verify_counts   role: reader
-- Other counts that are kept: programs, members, groups of a DP.
SELECT 'package ' || package_id, n_programs, (SELECT count(*) FROM program g WHERE g.pkg_id = p.pkg_id) AS n
  FROM package p WHERE n_programs <> n
UNION ALL
SELECT 'collection ' || collection_id, n_members,
       (SELECT count(*) FROM collection_member m WHERE m.collection_row = c.collection_row) AS n
  FROM collection c WHERE n_members <> n
UNION ALL
SELECT 'distribution point ' || name, n_groups, (SELECT count(*) FROM group_member m WHERE m.dp_id = d.dp_id) AS n
  FROM dp d WHERE n_groups <> n;

-- name: believed_of_dp   role: reader   hot
-- What a DP should hold, as we believe.
SELECT a.pkg_id, p.package_id, a.state, a.held, p.source_version, v.manifest
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id
       LEFT JOIN version v ON v.pkg_id = a.pkg_id AND v.version = a.held
 WHERE a.dp_id = ?1 ORDER BY a.pkg_id;
