-- SPDX-License-Identifier: Apache-2.0
-- Content status: what a package, a DP and a group have come to, and the latest
-- message of each package on each DP.  MessageState: 1 success, 2 in progress,
-- 3 warning (it is tried again), 4 failed.  MessageCategory is the state of
-- SMS_PackageStatusDistPointsSummarizer.

CREATE VIEW SMS_DistributionDPStatus AS
SELECT m.id AS ID, p.package_id AS PackageID, p.package_id AS ObjectID,
       CASE p.package_type WHEN 3 THEN 23 WHEN 5 THEN 24 WHEN 6 THEN 21 WHEN 257 THEN 18 WHEN 258 THEN 19
                           WHEN 259 THEN 14 ELSE 2 END AS ObjectTypeID,
       d.nal_path AS NalPath, d.name AS Name, s.code AS SiteCode, 'Windows NT Server' AS ResourceType, 0 AS IsPeerDP,
       (SELECT count(*) FROM group_member gm
          JOIN group_package gp ON gp.group_row = gm.group_row AND gp.pkg_id = a.pkg_id WHERE gm.dp_id = a.dp_id) AS GroupCount,
       coalesce(m.record_id, 0) AS LastStatusID, a.summary_us AS LastUpdateDate,
       coalesce(m.message_id, 0) AS MessageID,
       coalesce(m.severity, 1073741824) | coalesce(m.message_id, 0) AS MessageFullID,
       coalesce(m.severity, 1073741824) AS MessageSeverity, a.state AS MessageCategory,
       CASE a.state WHEN 0 THEN 1 WHEN 2 THEN 3 WHEN 5 THEN 3 WHEN 3 THEN 4 WHEN 6 THEN 4 WHEN 8 THEN 4 ELSE 2 END
       AS MessageState,
       p.package_id AS InsString1, d.name AS InsString2, coalesce(m.text, '') AS InsString3,
       '' AS InsString4, '' AS InsString5, '' AS InsString6, '' AS InsString7, '' AS InsString8, '' AS InsString9,
       '' AS InsString10
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
       JOIN site s ON s.site_id = d.site_id
       JOIN pair_status m ON m.id = a.pkg_id << 20 | a.dp_id AND a.pkg_id = m.id >> 20 AND a.dp_id = (m.id & 1048575);

CREATE VIEW SMS_DPStatusDetails AS
SELECT m.id AS ID, d.name AS DPName, d.nal_path AS NALPath, p.package_id AS PackageID, s.code AS SiteCode,
       coalesce(m.record_id, 0) AS StatusMsgID, m.us AS LastStatusTime,
       coalesce(m.message_id, 0) AS MessageID,
       coalesce(m.severity, 1073741824) | coalesce(m.message_id, 0) AS MessageFullID,
       coalesce(m.severity, 1073741824) AS MessageSeverity, a.state AS MessageCategory,
       CASE a.state WHEN 0 THEN 1 WHEN 2 THEN 3 WHEN 5 THEN 3 WHEN 3 THEN 4 WHEN 6 THEN 4 WHEN 8 THEN 4 ELSE 2 END
       AS MessageState,
       p.package_id AS InsString1, d.name AS InsString2, coalesce(m.text, '') AS InsString3,
       '' AS InsString4, '' AS InsString5, '' AS InsString6, '' AS InsString7, '' AS InsString8, '' AS InsString9,
       '' AS InsString10
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
       JOIN site s ON s.site_id = d.site_id
       JOIN pair_status m ON m.id = a.pkg_id << 20 | a.dp_id AND a.pkg_id = m.id >> 20 AND a.dp_id = (m.id & 1048575);

CREATE VIEW SMS_DPGroupDistributionStatusDetails AS
SELECT g.group_row << 40 | a.pkg_id << 20 | a.dp_id AS ID, g.group_id AS GroupID, d.name AS DPName, s.code AS SiteCode,
       p.package_id AS PackageID, p.package_id AS ObjectID, p.name AS ContentName, p.package_type AS ObjectType,
       CASE p.package_type WHEN 3 THEN 23 WHEN 5 THEN 24 WHEN 6 THEN 21 WHEN 257 THEN 18 WHEN 258 THEN 19
                           WHEN 259 THEN 14 ELSE 2 END AS ObjectTypeID,
       coalesce(m.record_id, 0) AS StatusMsgID, m.us AS StatusTime,
       coalesce(m.message_id, 0) AS MessageID,
       coalesce(m.severity, 1073741824) | coalesce(m.message_id, 0) AS MessageFullID,
       coalesce(m.severity, 1073741824) AS MessageSeverity, a.state AS MessageCategory,
       CASE a.state WHEN 0 THEN 1 WHEN 2 THEN 3 WHEN 5 THEN 3 WHEN 3 THEN 4 WHEN 6 THEN 4 WHEN 8 THEN 4 ELSE 2 END
       AS MessageState,
       p.package_id AS InsString1, d.name AS InsString2, coalesce(m.text, '') AS InsString3,
       '' AS InsString4, '' AS InsString5, '' AS InsString6, '' AS InsString7, '' AS InsString8, '' AS InsString9,
       '' AS InsString10
  FROM dp_group g JOIN group_package gp ON gp.group_row = g.group_row JOIN group_member gm ON gm.group_row = g.group_row
       JOIN assignment a ON a.pkg_id = gp.pkg_id AND a.dp_id = gm.dp_id JOIN package p ON p.pkg_id = a.pkg_id
       JOIN dp d ON d.dp_id = a.dp_id JOIN site s ON s.site_id = d.site_id
       JOIN pair_status m ON m.id = a.pkg_id << 20 | a.dp_id;

CREATE VIEW SMS_ObjectContentInfo AS
SELECT p.package_id AS ObjectID, p.package_id AS PackageID, p.name AS SoftwareName, p.description AS Description,
       p.package_type AS ObjectType,
       CASE p.package_type WHEN 3 THEN 23 WHEN 5 THEN 24 WHEN 6 THEN 21 WHEN 257 THEN 18 WHEN 258 THEN 19
                           WHEN 259 THEN 14 ELSE 2 END AS ObjectTypeID,
       s.code AS SourceSite, p.source_version AS SourceVersion,
       (coalesce(v.total_bytes, 0) + 1023) / 1024 AS SourceSize,
       p.created_us AS DateCreated, coalesce((SELECT max(t.summary_us) FROM detail_summary t WHERE t.pkg_id = p.pkg_id),
       p.source_us) AS LastUpdateDate, 8 AS FeatureType, r.targeted AS Targeted, r.installed AS NumberSuccess,
       r.n_assigned - r.installed - r.failed - coalesce(damaged.assets, 0) AS NumberInProgress,
       r.failed + coalesce(damaged.assets, 0) AS NumberErrors, 0 AS NumberUnknown
  FROM root_summary r JOIN package p ON p.pkg_id = r.pkg_id JOIN site s ON s.site_id = p.site_id
       LEFT JOIN package_category damaged ON damaged.pkg_id = r.pkg_id AND damaged.state = 8
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version;

CREATE VIEW SMS_DistributionStatus AS
SELECT p.package_id AS ObjectID, p.package_id AS PackageID,
       CASE p.package_type WHEN 3 THEN 23 WHEN 5 THEN 24 WHEN 6 THEN 21 WHEN 257 THEN 18 WHEN 258 THEN 19
                           WHEN 259 THEN 14 ELSE 2 END AS ObjectTypeID,
       c.state AS MessageCategory,
       CASE c.state WHEN 0 THEN 1 WHEN 3 THEN 3 WHEN 6 THEN 3 WHEN 8 THEN 3 ELSE 2 END AS Type,
       c.assets AS Assets, c.last_us AS LastUpdateDate
  FROM package_category c JOIN package p ON p.pkg_id = c.pkg_id;

CREATE VIEW SMS_DPStatusInfo AS
SELECT d.nal_path AS NALPath, d.name AS Name, d.agent_version AS Version,
       coalesce(d.health_enabled, 0) AS IsDPMonEnabled,
       0 AS IsMulticast, 0 AS IsPXE, 0 AS IsPullDP, t.assigned AS MessageCount,
       CASE WHEN t.failed > 0 THEN 4 WHEN t.retrying > 0 THEN 3 WHEN t.installed < t.assigned THEN 2 ELSE 1 END
       AS MessageState, t.installed AS NumberInstalled, t.assigned - t.installed - t.failed AS NumberInProgress,
       t.failed AS NumberErrors, 0 AS NumberUnknown, t.last_us AS LastStatusTime
  FROM dp d JOIN dp_summary t ON t.dp_id = d.dp_id;

CREATE VIEW SMS_DPContentInfo AS
SELECT d.nal_path AS NALPath, p.package_id AS ObjectID, p.package_id AS PackageID, p.name AS Name,
       p.description AS Description, p.package_type AS ObjectType,
       CASE p.package_type WHEN 3 THEN 23 WHEN 5 THEN 24 WHEN 6 THEN 21 WHEN 257 THEN 18 WHEN 258 THEN 19
                           WHEN 259 THEN 14 ELSE 2 END AS ObjectTypeID,
       (coalesce(v.total_bytes, 0) + 1023) / 1024 AS SourceSize, 0 AS IsPredefinedPackage
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version;

CREATE VIEW SMS_DPGroupContentInfo AS
SELECT g.group_id AS GroupID, p.package_id AS PackageID, p.package_id AS ObjectID, p.name AS Name,
       p.description AS Description, p.package_type AS ObjectType,
       CASE p.package_type WHEN 3 THEN 23 WHEN 5 THEN 24 WHEN 6 THEN 21 WHEN 257 THEN 18 WHEN 258 THEN 19
                           WHEN 259 THEN 14 ELSE 2 END AS ObjectTypeID,
       (coalesce(v.total_bytes, 0) + 1023) / 1024 AS SourceSize, 0 AS IsPredefinedPackage
  FROM group_package gp JOIN dp_group g ON g.group_row = gp.group_row JOIN package p ON p.pkg_id = gp.pkg_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version;

CREATE VIEW SMS_DPGroupInfo AS
SELECT g.group_id AS GroupID, g.name AS Name, g.description AS Description, 8 AS FeatureType,
       g.n_members AS MembersCount, g.n_packages AS AssignedContentCount, t.failed AS NumberErrors,
       t.assigned - t.installed - t.failed AS NumberInProgress, t.installed AS NumberSuccess,
       g.n_members * g.n_packages - t.assigned AS NumberUnknown
  FROM dp_group g JOIN group_summary t ON t.group_row = g.group_row;

CREATE VIEW SMS_PackageContentServerInfo AS
SELECT d.nal_path AS ContentServerID, p.package_id AS ObjectID, p.package_id AS PackageID, 1 AS ContentServerType,
       d.nal_path AS ContentServerSecurityID, d.name AS Name, d.description AS Description, 0 AS IsPeerDP,
       1 AS IsBitsEnabled, p.package_type AS PackageType, 42 AS ObjectTypeID
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
UNION ALL
SELECT g.group_id, p.package_id, p.package_id, 2, g.group_id, g.name, g.description, 0, 0, p.package_type, 43
  FROM group_package gp JOIN dp_group g ON g.group_row = gp.group_row JOIN package p ON p.pkg_id = gp.pkg_id;
