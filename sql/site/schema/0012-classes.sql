-- SPDX-License-Identifier: Apache-2.0
-- Namespaces, site control items, how sites fare, advertisements in short,
-- members of collections as resources, and the associations between them.

-- __NAMESPACE: Parent is what the provider compares with the namespace that is connected.
CREATE VIEW __NAMESPACE AS
SELECT 'sms' AS Name, 'root' AS Parent FROM site WHERE own = 1
UNION ALL
SELECT 'subscription', 'root' FROM site WHERE own = 1
UNION ALL
SELECT 'site_' || code, 'root\sms' FROM site WHERE own = 1;

-- A resource is what may be a direct member of a collection.  Its number is given once and kept.
CREATE TABLE resource (
        resource_id INTEGER PRIMARY KEY CHECK (resource_id >= 16777216),
        name TEXT NOT NULL UNIQUE COLLATE NOCASE
) STRICT;
INSERT INTO resource (resource_id, name)
SELECT 16777215 + row_number() OVER (ORDER BY name), name FROM (SELECT DISTINCT name FROM collection_member);
CREATE INDEX collection_member_name ON collection_member (name);

CREATE TRIGGER member_comes BEFORE INSERT ON collection_member
WHEN NOT EXISTS (SELECT 1 FROM resource WHERE name = NEW.name) BEGIN
        INSERT INTO resource (resource_id, name)
        SELECT coalesce(max(resource_id), 16777215) + 1, NEW.name FROM resource;
END;

CREATE VIEW SMS_R_System AS
SELECT r.resource_id AS ResourceID, 5 AS ResourceType, r.name AS Name, r.name AS NetbiosName FROM resource r;

CREATE VIEW SMS_FullCollectionMembership AS
SELECT c.collection_id AS CollectionID, r.resource_id AS ResourceID, r.name AS Name, 5 AS ResourceType,
       s.code AS SiteCode, 0 AS IsClient, 1 AS IsDirect, 1 AS IsAssigned, 0 AS IsObsolete,
       m.collection_row AS collection_row
  FROM collection_member m JOIN collection c ON c.collection_row = m.collection_row JOIN resource r ON r.name = m.name
       JOIN site s ON s.own = 1;

CREATE VIEW SMS_CollectionMember_a AS
SELECT 'SMS_Collection.CollectionID="' || c.collection_id || '"' AS collection,
       'SMS_R_System.ResourceID=' || r.resource_id AS resource,
       c.collection_id AS CollectionID, r.resource_id AS ResourceID, r.name AS Name, 5 AS ResourceType,
       s.code AS SiteCode, 0 AS IsClient, 1 AS IsDirect, 1 AS IsAssigned, 0 AS IsObsolete
  FROM collection_member m JOIN collection c ON c.collection_row = m.collection_row JOIN resource r ON r.name = m.name
       JOIN site s ON s.own = 1;

-- RequestRefresh of a collection.
ALTER TABLE collection ADD COLUMN refresh_us INTEGER;
DROP VIEW SMS_Collection;
CREATE VIEW SMS_Collection AS
SELECT c.collection_id AS CollectionID, c.name AS Name, c.comment AS Comment, c.type AS CollectionType,
       c.rules AS CollectionRules, c.refresh_schedule AS RefreshSchedule, c.refresh_type AS RefreshType,
       1 AS CurrentStatus, c.n_members AS MemberCount, c.n_members AS LocalMemberCount,
       'SMS_CM_RES_COLL_' || c.collection_id AS MemberClassName, c.limit_id AS LimitToCollectionID,
       c.limit_name AS LimitToCollectionName, c.change_us AS LastChangeTime, c.member_change_us AS LastMemberChangeTime,
       max(coalesce(c.refresh_us, 0), c.member_change_us) AS LastRefreshTime, 1 AS OwnedByThisSite, c.builtin AS IsBuiltIn,
       0 AS CollectionVariablesCount, 0 AS FullEvaluationRunTime, 0 AS FullEvaluationMemberChanges,
       NULL AS FullEvaluationMemberChangeTime, NULL AS FullEvaluationLastRefreshTime,
       NULL AS FullEvaluationNextRefreshTime, 0 AS HasProvisionedMember, 0 AS IncludeExcludeCollectionsCount,
       0 AS IncrementalEvaluationRunTime, 0 AS IncrementalEvaluationMemberChanges,
       NULL AS IncrementalEvaluationMemberChangeTime, NULL AS IncrementalEvaluationLastRefreshTime,
       0 AS IsReferenceCollection, c.isv_data AS ISVData, c.isv_size AS ISVDataSize, c.isv_string AS ISVString,
       0 AS MonitoringFlags, 0 AS PowerConfigsCount, NULL AS ReplicateToSubSites, 0 AS ServiceWindowsCount,
       0 AS UseCluster
  FROM collection c;

-- Where a site is in trouble: packages on its DPs, and DPs that take no work.
CREATE TABLE site_health (
        site_id INTEGER PRIMARY KEY REFERENCES site ON DELETE CASCADE,
        failed INTEGER NOT NULL DEFAULT 0,
        retrying INTEGER NOT NULL DEFAULT 0,
        n_idle INTEGER NOT NULL DEFAULT 0               /* DPs without certificate, or in maintenance */
) STRICT;
INSERT INTO site_health
SELECT s.site_id, coalesce(sum(t.failed), 0), coalesce(sum(t.retrying), 0),
       count(CASE WHEN d.cert IS NULL OR d.maintenance <> 0 THEN 1 END)
  FROM site s LEFT JOIN dp d ON d.site_id = s.site_id LEFT JOIN dp_summary t ON t.dp_id = d.dp_id
 GROUP BY s.site_id;

CREATE TRIGGER site_created AFTER INSERT ON site BEGIN
        INSERT INTO site_health (site_id) VALUES (NEW.site_id);
END;
CREATE TRIGGER dp_fares AFTER UPDATE OF failed, retrying ON dp_summary
WHEN OLD.failed <> NEW.failed OR OLD.retrying <> NEW.retrying BEGIN
        UPDATE site_health SET failed = failed + NEW.failed - OLD.failed, retrying = retrying + NEW.retrying - OLD.retrying
         WHERE site_id = (SELECT site_id FROM dp WHERE dp_id = NEW.dp_id);
END;
CREATE TRIGGER dp_comes AFTER INSERT ON dp BEGIN
        UPDATE site_health SET n_idle = n_idle + (NEW.cert IS NULL OR NEW.maintenance <> 0) WHERE site_id = NEW.site_id;
END;
CREATE TRIGGER dp_goes AFTER DELETE ON dp BEGIN
        UPDATE site_health SET n_idle = n_idle - (OLD.cert IS NULL OR OLD.maintenance <> 0) WHERE site_id = OLD.site_id;
END;
CREATE TRIGGER dp_turns AFTER UPDATE OF cert, maintenance ON dp
WHEN (OLD.cert IS NULL OR OLD.maintenance <> 0) <> (NEW.cert IS NULL OR NEW.maintenance <> 0) BEGIN
        UPDATE site_health SET n_idle = n_idle + (NEW.cert IS NULL OR NEW.maintenance <> 0)
                                        - (OLD.cert IS NULL OR OLD.maintenance <> 0)
         WHERE site_id = NEW.site_id;
END;

-- The component summarizer goes by packages that failed or are tried again, that of site systems by DPs.
CREATE VIEW SMS_SummarizerStatus AS
SELECT '{783EBEA0-ABBF-11d1-BB12-3A84C6000000}' AS GUID_ID, s.code AS SiteCode, 'srvmsgs.dll' AS MessageDLL,
       1 AS MessageID, CASE WHEN h.failed > 0 THEN 2 ELSE h.retrying > 0 END AS Status, NULL AS Updated
  FROM site_health h JOIN site s ON s.site_id = h.site_id
UNION ALL
SELECT '{78B42510-ABBD-11d1-BB12-3A84C6000000}', s.code, 'srvmsgs.dll', 2, h.n_idle > 0, NULL
  FROM site_health h JOIN site s ON s.site_id = h.site_id;

CREATE VIEW SMS_SummarizerSiteStatus AS
SELECT s.code AS SiteCode, CASE WHEN h.failed > 0 THEN 2 ELSE h.retrying > 0 OR h.n_idle > 0 END AS Status
  FROM site_health h JOIN site s ON s.site_id = h.site_id;

CREATE VIEW SMS_SCI_SysResUse AS
SELECT 2 AS FileType, d.nal_path || ',SMS Distribution Point' AS ItemName, 'System Resource Usage' AS ItemType,
       s.code AS SiteCode, d.nal_path AS NALPath, 'Windows NT Server' AS NALType, '\\' || d.name AS NetworkOSPath,
       NULL AS PropLists,
       '[{"__CLASS":"SMS_EmbeddedProperty","ItemType":"Property","PropertyName":"Server Remote Name","Value":0,"Value1":"'
       || d.name || '","Value2":""},'
       || '{"__CLASS":"SMS_EmbeddedProperty","ItemType":"Property","PropertyName":"IsProtected","Value":' || d.protected
       || ',"Value1":"","Value2":""},'
       || '{"__CLASS":"SMS_EmbeddedProperty","ItemType":"Property","PropertyName":"Priority","Value":' || d.priority
       || ',"Value1":"","Value2":""}]' AS Props,
       NULL AS RoleCount, 'SMS Distribution Point' AS RoleName, NULL AS ServiceWindows,
       CASE WHEN d.url LIKE 'http://%' THEN 0 ELSE 1 END AS SslState,
       CASE WHEN d.name = s.server_name THEN s.type ELSE 8 END AS Type
  FROM dp d JOIN site s ON s.site_id = d.site_id
UNION ALL
SELECT 2, '["Display=\\' || s.server_name || '\"]MSWNET:["SMS_SITE=' || s.code || '"]\\' || s.server_name
       || '\,SMS Site Server', 'System Resource Usage', s.code,
       '["Display=\\' || s.server_name || '\"]MSWNET:["SMS_SITE=' || s.code || '"]\\' || s.server_name || '\',
       'Windows NT Server', '\\' || s.server_name, NULL,
       '[{"__CLASS":"SMS_EmbeddedProperty","ItemType":"Property","PropertyName":"Server Remote Name","Value":0,"Value1":"'
       || replace(replace(s.server_name, '\', '\\'), '"', '\"') || '","Value2":""}]',
       NULL, 'SMS Site Server', NULL, 2, s.type
  FROM site s;

-- A DP keeps everything below one folder: its root stands for the drive.
CREATE VIEW SMS_DistributionPointDriveInfo AS
SELECT d.nal_path AS NALPath, '/' AS Drive, s.code AS SiteCode, 1 AS ObjectType,
       coalesce(d.bytes_free / 1024, -1) AS BytesFree, coalesce(d.bytes_total / 1024, -1) AS BytesTotal,
       CASE WHEN d.bytes_total > 0 THEN coalesce(d.bytes_free, 0) * 100 / d.bytes_total ELSE 0 END AS PercentFree,
       1 AS ConttentLibPriority, 1 AS PkgSharePriority, 0 AS Status
  FROM dp d JOIN site s ON s.site_id = d.site_id;

CREATE VIEW SMS_AdvertisementInfo AS
SELECT a.advert_id AS AdvertisementID, a.name AS AdvertisementName, s.code AS AdvertisementSourceSite,
       a.flags AS AdvertFlags, 0 AS AssignmentID, c.collection_id AS CollectionID, c.name AS CollectionName,
       a.expires_us AS ExpirationTime, a.offer_type AS OfferType, p.package_id AS PackageID,
       p.language AS PackageLanguage, p.manufacturer AS PackageManufacturer, p.name AS PackageName,
       p.package_type AS PackageType, p.version AS PackageVersion, a.present_us AS PresentTime,
       g.program_flags AS ProgramFlags, a.program_name AS ProgramName,
       (a.present_enabled <> 0) + (a.expires_enabled <> 0) * 2 + (a.assigned_enabled <> 0) * 16
       + (a.present_gmt <> 0) * 32 + (a.expires_gmt <> 0) * 64 + (a.assigned_gmt <> 0) * 512 AS TimeFlags
  FROM advert a JOIN package p ON p.pkg_id = a.pkg_id JOIN collection c ON c.collection_row = a.collection_row
       JOIN site s ON s.site_id = a.site_id
       LEFT JOIN program g ON g.pkg_id = a.pkg_id AND g.name = a.program_name;

CREATE VIEW SMS_CollectionToPkgAdvert_a AS
SELECT 'SMS_Advertisement.AdvertisementID="' || a.advert_id || '"' AS advert,
       'SMS_Collection.CollectionID="' || c.collection_id || '"' AS collection, a.advert_id AS AdvertisementID,
       p.package_id AS PackageID
  FROM advert a JOIN collection c ON c.collection_row = a.collection_row JOIN package p ON p.pkg_id = a.pkg_id;

CREATE VIEW SMS_SiteToSubSite_a AS
SELECT 'SMS_Site.SiteCode="' || s.code || '"' AS childSite, 'SMS_Site.SiteCode="' || p.code || '"' AS parentSite,
       s.code AS SiteCode, p.code AS ParentCode
  FROM site s JOIN site p ON p.code = s.parent_code;

CREATE VIEW SMS_SiteToSiteID_a AS
SELECT 'SMS_Site.SiteCode="' || code || '"' AS site, 'SMS_Identification.ThisSiteCode="' || code || '"'
       AS siteIdentification, code AS SiteCode
  FROM site WHERE own = 1;

-- Messages that somebody raises say more than those of the site; their ids have no words of ours.
ALTER TABLE status_message ADD COLUMN message_type INTEGER NOT NULL DEFAULT 256;
ALTER TABLE status_message ADD COLUMN module TEXT NOT NULL DEFAULT 'SMS Server';
ALTER TABLE status_message ADD COLUMN process_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE status_message ADD COLUMN thread_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE status_message ADD COLUMN win32_error INTEGER NOT NULL DEFAULT 0;
CREATE TABLE status_attribute (
        record_id INTEGER NOT NULL REFERENCES status_message ON DELETE CASCADE,
        attribute_id INTEGER NOT NULL,
        value TEXT NOT NULL COLLATE NOCASE,
        PRIMARY KEY (record_id, attribute_id, value)
) STRICT, WITHOUT ROWID;

INSERT INTO status_kind VALUES
        (2381, 0x40000000, 'SMS_DISTRIBUTION_MANAGER', 'Validation of package %1 on %2 waits: the distribution point is at work.',
         'Another order of the distribution point is being carried out.', 'Nothing: it follows by itself.'),
        (39997, 0x40000000, 'SMS Provider', '%1', 'A program or a person raised it.', 'Nothing.'),
        (39998, 0x80000000, 'SMS Provider', '%1', 'A program or a person raised it.', 'Read the text.'),
        (39999, 0xC0000000, 'SMS Provider', '%1', 'A program or a person raised it.', 'Read the text.');

DROP VIEW SMS_StatusMessage;
CREATE VIEW SMS_StatusMessage AS
SELECT m.record_id AS RecordID, m.component AS Component, m.machine AS MachineName, m.message_id AS MessageID,
       m.message_type AS MessageType, m.module AS ModuleName, m.severity AS Severity, m.site_code AS SiteCode, m.us AS Time,
       m.process_id AS ProcessID, m.thread_id AS ThreadID, m.win32_error AS Win32Error, 0 AS PerClient, 0 AS ReportFunction,
       0 AS "Transaction", 0 AS SuccessfulTransaction, '' AS TopLevelSiteCode
  FROM status_message m;

DROP VIEW SMS_StatMsgAttributes;
CREATE VIEW SMS_StatMsgAttributes AS
SELECT m.record_id AS RecordID, 400 AS AttributeID, m.us AS AttributeTime, m.attr_package AS AttributeValue
  FROM status_message m WHERE m.attr_package IS NOT NULL
UNION ALL
SELECT m.record_id, 404, m.us, m.attr_dp FROM status_message m WHERE m.attr_dp IS NOT NULL
UNION ALL
SELECT m.record_id, 410, m.us, '' || m.attr_version FROM status_message m WHERE m.attr_version IS NOT NULL
UNION ALL
SELECT m.record_id, a.attribute_id, m.us, a.value
  FROM status_attribute a JOIN status_message m ON m.record_id = a.record_id;

DROP VIEW TM_StatusMessage;
CREATE VIEW TM_StatusMessage AS
SELECT m.record_id AS RecordID, m.message_id AS MessageID, m.severity AS Severity, m.component AS Component,
       m.us AS Time,
       m.site_code AS SiteCode, m.attr_package AS PackageID,
       CASE WHEN m.message_type = 256 AND m.module = 'SMS Server' THEN m.string2 END AS ServerName,
       m.attr_version AS PackageVersion,
       coalesce(replace(replace(replace(k.text, '%1', coalesce(m.string1, '')), '%2', coalesce(m.string2, '')), '%3',
                        coalesce(m.string3, '')), 'Message ' || m.message_id || ' of ' || m.module || '.') AS Text,
       coalesce(k.cause, 'A program raised it.') AS Cause, coalesce(k.next_step, 'Its texts are in the module.') AS NextStep
  FROM status_message m LEFT JOIN status_kind k ON k.message_id = m.message_id AND (m.module = 'SMS Server' OR m.message_id > 39996);
