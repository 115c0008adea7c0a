-- SPDX-License-Identifier: Apache-2.0
-- What the site shows: one view a class, columns named as the class's
-- properties.  Everything is read through these; the change log holds their
-- rows.  So a view must depend on nothing but tables (no clock, no random).

CREATE VIEW SMS_Site AS
SELECT s.code AS SiteCode, s.name AS SiteName, s.server_name AS ServerName, s.install_dir AS InstallDir,
       s.parent_code AS ReportingSiteCode, s.version AS Version, 1 AS BuildNumber, s.type AS Type, s.status AS Status,
       s.mode AS Mode, s.requested_status AS RequestedStatus, s.time_zone AS TimeZoneInfo, s.features AS Features,
       s.update_status AS SecondarySiteCMUpdateStatus
  FROM site s;

CREATE VIEW TM_Site AS
SELECT code AS SiteCode, name AS SiteName FROM site WHERE own = 1;

CREATE VIEW SMS_Identification AS
SELECT code AS ThisSiteCode, name AS ThisSiteName, server_name AS SMSSiteServer, server_name AS SMSProviderServer,
       version AS SMSVersion, 1 AS SMSBuildNumber, 1 AS SMSMinBuildNumber, 1033 AS LocaleID, 1 AS License,
       '' AS ServiceAccountName, 0 AS MonthlyReleaseVersion, '' AS SMSAvailableConsoleVersion, 0 AS Reserved,
       '' AS UIManifestHash, '' AS UIManifestHashAlgorithm, '' AS UIUpdateManifestHash,
       '' AS UIUpdateManifestHashAlgorithm
  FROM site WHERE own = 1;

CREATE VIEW SMS_ProviderLocation AS
SELECT server_name AS Machine, '\\' || server_name || '\root\sms\site_' || code AS NamespacePath,
       1 AS ProviderForLocalSite, code AS SiteCode
  FROM site WHERE own = 1;

CREATE VIEW SMS_SystemResourceList AS
SELECT d.nal_path AS NALPath, 'Windows NT Server' AS ResourceType, 'SMS Distribution Point' AS RoleName,
       s.code AS SiteCode, d.name AS ServerName, d.name AS ServerRemoteName, 0 AS InternetEnabled,
       0 AS InternetShared, CASE WHEN d.url LIKE 'http://%' THEN 0 ELSE 1 END AS SslState
  FROM dp d JOIN site s ON s.site_id = d.site_id
UNION ALL
SELECT '["Display=\\' || s.server_name || '\"]MSWNET:["SMS_SITE=' || s.code || '"]\\' || s.server_name || '\',
       'Windows NT Server', 'SMS Site Server', s.code, s.server_name, s.server_name, 0, 0, 2
  FROM site s;

CREATE VIEW SMS_Package AS
SELECT p.package_id AS PackageID, p.name AS Name, p.version AS Version, p.language AS Language,
       p.manufacturer AS Manufacturer, p.description AS Description, p.action AS ActionInProgress,
       p.package_type AS PackageType, p.pkg_flags AS PkgFlags, p.source_flag AS PkgSourceFlag,
       p.source_path AS PkgSourcePath, s.code AS SourceSite, p.source_version AS SourceVersion,
       p.source_us AS SourceDate, (coalesce(v.total_bytes, 0) + 1023) / 1024 AS PackageSize,
       p.stored_path AS StoredPkgPath, p.stored_version AS StoredPkgVersion, p.refresh_schedule AS RefreshSchedule,
       0 AS RefreshPkgSourceFlag, p.last_refresh_us AS LastRefreshTime, p.share_type AS ShareType,
       p.share_name AS ShareName, p.priority AS Priority, p.address_type AS PreferredAddressType,
       p.ignore_schedule AS IgnoreAddressSchedule, p.disconnect_enabled AS ForcedDisconnectEnabled,
       p.disconnect_retries AS ForcedDisconnectNumRetries, p.disconnect_delay AS ForcedDisconnectDelay,
       p.mif_filename AS MIFFilename, p.mif_name AS MIFName, p.mif_publisher AS MIFPublisher,
       p.mif_version AS MIFVersion, p.content_providers AS AlternateContentProviders, p.n_programs AS NumOfPrograms,
       p.icon AS Icon, p.icon_size AS IconSize, p.extended_data AS ExtendedData, p.extended_size AS ExtendedDataSize,
       p.isv_data AS ISVData, p.isv_size AS ISVDataSize, p.isv_string AS ISVString,
       NULL AS LocalizedCategoryInstanceNames, '["Default"]' AS SecuredScopeNames,
       printf('%016X', p.revision) AS SedoObjectVersion, p.image_flags AS DefaultImageFlags,
       0 AS IsPredefinedPackage, p.transform_readiness AS TransformReadiness, p.transform_us AS TransformAnalysisDate
  FROM package p JOIN site s ON s.site_id = p.site_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version;

CREATE VIEW SMS_Program AS
SELECT p.package_id AS PackageID, g.name AS ProgramName, g.command_line AS CommandLine,
       g.working_directory AS WorkingDirectory, g.comment AS Comment, g.description AS Description,
       g.requirements AS Requirements, g.hierarchy AS ApplicationHierarchy, g.msi_path AS MSIFilePath,
       g.msi_product AS MSIProductID, g.dependent AS DependentProgram, g.disk_space AS DiskSpaceReq,
       g.drive_letter AS DriveLetter, g.duration AS Duration, g.program_flags AS ProgramFlags,
       g.device_flags AS DeviceFlags, 0 AS ActionInProgress, g.removal_key AS RemovalKey,
       g.supported_os AS SupportedOperatingSystems, p.name AS PackageName, p.package_type AS PackageType,
       p.version AS PackageVersion, 2 AS SecuredTypeID, g.icon AS Icon, g.icon_size AS IconSize,
       g.extended_data AS ExtendedData, g.extended_size AS ExtendedDataSize, g.isv_data AS ISVData,
       g.isv_size AS ISVDataSize, g.isv_string AS ISVString, g.transform_readiness AS TransformReadiness,
       g.transform_us AS TransformAnalysisDate, g.transform_dt AS TransformDtID
  FROM program g JOIN package p ON p.pkg_id = g.pkg_id;

CREATE VIEW SMS_Collection AS
SELECT c.collection_id AS CollectionID, c.name AS Name, c.comment AS Comment, c.type AS CollectionType,
       c.rules AS CollectionRules, c.refresh_schedule AS RefreshSchedule, c.refresh_type AS RefreshType,
       1 AS CurrentStatus, c.n_members AS MemberCount, c.n_members AS LocalMemberCount,
       'SMS_CM_RES_COLL_' || c.collection_id AS MemberClassName, c.limit_id AS LimitToCollectionID,
       c.limit_name AS LimitToCollectionName, c.change_us AS LastChangeTime, c.member_change_us AS LastMemberChangeTime,
       c.member_change_us AS LastRefreshTime, 1 AS OwnedByThisSite, c.builtin AS IsBuiltIn,
       0 AS CollectionVariablesCount, 0 AS FullEvaluationRunTime, 0 AS FullEvaluationMemberChanges,
       NULL AS FullEvaluationMemberChangeTime, NULL AS FullEvaluationLastRefreshTime,
       NULL AS FullEvaluationNextRefreshTime, 0 AS HasProvisionedMember, 0 AS IncludeExcludeCollectionsCount,
       0 AS IncrementalEvaluationRunTime, 0 AS IncrementalEvaluationMemberChanges,
       NULL AS IncrementalEvaluationMemberChangeTime, NULL AS IncrementalEvaluationLastRefreshTime,
       0 AS IsReferenceCollection, c.isv_data AS ISVData, c.isv_size AS ISVDataSize, c.isv_string AS ISVString,
       0 AS MonitoringFlags, 0 AS PowerConfigsCount, NULL AS ReplicateToSubSites, 0 AS ServiceWindowsCount,
       0 AS UseCluster
  FROM collection c;

CREATE VIEW TM_CollectionMember AS
SELECT c.collection_id AS CollectionID, m.name AS Name
  FROM collection c JOIN collection_member m ON m.collection_row = c.collection_row;

CREATE VIEW SMS_Advertisement AS
SELECT a.advert_id AS AdvertisementID, a.name AS AdvertisementName, c.collection_id AS CollectionID,
       p.package_id AS PackageID, a.program_name AS ProgramName, a.comment AS Comment, a.flags AS AdvertFlags,
       a.remote_flags AS RemoteClientFlags, a.device_flags AS DeviceFlags, a.present_us AS PresentTime,
       a.present_enabled AS PresentTimeEnabled, a.present_gmt AS PresentTimeIsGMT, a.expires_us AS ExpirationTime,
       a.expires_enabled AS ExpirationTimeEnabled, a.expires_gmt AS ExpirationTimeIsGMT,
       a.assigned_schedule AS AssignedSchedule, a.assigned_enabled AS AssignedScheduleEnabled,
       a.assigned_gmt AS AssignedScheduleIsGMT, a.subcollections AS IncludeSubCollection, a.priority AS Priority,
       a.offer_type AS OfferType, 0 AS ActionInProgress, 0 AS AssignmentID, a.countdown AS MandatoryCountdown,
       s.code AS SourceSite,
       (a.present_enabled <> 0) + (a.expires_enabled <> 0) * 2 + (a.assigned_enabled <> 0) * 16
       + (a.present_gmt <> 0) * 32 + (a.expires_gmt <> 0) * 64 + (a.assigned_gmt <> 0) * 512 AS TimeFlags,
       a.hierarchy AS HierarchyPath, a.isv_data AS ISVData, a.isv_size AS ISVDataSize, a.isv_string AS ISVString
  FROM advert a JOIN package p ON p.pkg_id = a.pkg_id JOIN collection c ON c.collection_row = a.collection_row
       JOIN site s ON s.site_id = a.site_id;

CREATE VIEW SMS_DistributionPoint AS
SELECT p.package_id AS PackageID, d.nal_path AS ServerNALPath, s.code AS SiteCode, s.name AS SiteName,
       o.code AS SourceSite, CASE WHEN a.state IN (4, 5, 6) THEN 3 ELSE 0 END AS Status, 0 AS RefreshNow,
       coalesce(a.copied_us, 631152000000000) AS LastRefreshTime, 1 AS BitsEnabled, 0 AS IsPeerDP,
       d.protected AS IsProtected, 'Windows NT Server' AS ResourceType, 2 AS ObjectTypeID,
       p.package_type AS PackageType, p.package_id AS SecureObjectID, NULL AS ISVData, 0 AS ISVDataSize,
       NULL AS ISVString
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
       JOIN site s ON s.site_id = d.site_id JOIN site o ON o.site_id = p.site_id;

CREATE VIEW SMS_DistributionPointInfo AS
SELECT d.nal_path AS NALPath, s.code AS SiteCode, 'Windows NT Server' AS ResourceType, d.name AS ServerName,
       '\\' || d.name AS Name, s.name AS SiteName, d.description AS Description, d.dp_id AS ID,
       d.priority AS Priority, 0 AS TransferRate, d.rate_limits AS RateLimitsEnabled, 0 AS AddressScheduleEnabled,
       d.prestaging AS PreStagingAllowed, 0 AS IsPullDP, 0 AS IsPeerDP, d.protected AS IsProtected, 0 AS IsMulticast,
       0 AS IsPXE, d.cert IS NOT NULL AS IsActive, 0 AS InternetFacing, 1 AS BitsEnabled,
       0 AS SupportUnknownMachines, 0 AS BindPolicy, 0 AS CertificateType, d.health_enabled AS HealthCheckEnabled,
       d.health_priority AS HealthCheckPriority, d.health_schedule AS HealthCheckSchedule, d.n_groups AS GroupCount,
       d.n_groups > 0 AS HasRelationship, 0 AS DPFlags,
       CASE WHEN d.url LIKE 'http://%' THEN 0 ELSE 1 END AS Communication, '' AS Drive, '' AS ShareName,
       '' AS OperatingSystem, '' AS IdentityGUID, '' AS ServiceType, 0 AS Region, '' AS BindExcept,
       '' AS PXEPassword, 0 AS ResponseDelay, 0 AS UdaSetting
  FROM dp d JOIN site s ON s.site_id = d.site_id;

CREATE VIEW TM_DistributionPoint AS
SELECT d.name AS Name, d.nal_path AS NALPath, s.code AS SiteCode, d.url AS Url, d.cert IS NOT NULL AS Enrolled,
       d.maintenance AS Maintenance, d.last_seen_us AS LastSeen, d.agent_version AS AgentVersion,
       d.bytes_free AS BytesFree, d.bytes_total AS BytesTotal, lower(hex(d.cert)) AS CertificateSha256
  FROM dp d JOIN site s ON s.site_id = d.site_id;

CREATE VIEW SMS_DistributionPointGroup AS
SELECT g.group_id AS GroupID, g.name AS Name, g.description AS Description, g.n_members AS MemberCount,
       g.n_packages AS ContentCount, 0 AS CollectionCount, g.n_out_of_sync AS OutOfSyncContentCount,
       g.n_out_of_sync = 0 AS ContentInSync, g.n_members > 0 AS HasMember, 0 AS HasRelationship,
       g.created_by AS CreatedBy, g.created_us AS CreatedOn, g.modified_by AS ModifiedBy, g.modified_us AS ModifiedOn,
       s.code AS SourceSite
  FROM dp_group g JOIN site s ON s.site_id = g.site_id;

CREATE VIEW SMS_DPGroupMembers AS
SELECT g.group_id AS GroupID, d.nal_path AS DPNALPath
  FROM group_member m JOIN dp_group g ON g.group_row = m.group_row JOIN dp d ON d.dp_id = m.dp_id;

CREATE VIEW SMS_DPGroupPackages AS
SELECT g.group_id AS GroupID, p.package_id AS PkgID
  FROM group_package m JOIN dp_group g ON g.group_row = m.group_row JOIN package p ON p.pkg_id = m.pkg_id;

CREATE VIEW SMS_DistributionJob AS
SELECT j.job_id AS JobID, p.package_id AS PkgID, coalesce(j.dp_id, 0) AS DPID, d.nal_path AS NALPath,
       j.version AS PackageVersion, j.action AS Action, j.state AS State, j.tries AS RetryCount,
       j.created_us AS CreationTime, j.started_us AS StartTime, j.updated_us AS LastUpdateTime,
       CASE WHEN j.tries > 0 THEN max(j.next_try_us / 1000000, 0) ELSE 0 END AS ReStartTime,
       j.dynamic_order AS DynamicOrder, (max(coalesce(v.total_bytes, 0) - j.done_bytes, 0) + 1023) / 1024 AS RemainingSize,
       (coalesce(v.total_bytes, 0) + 1023) / 1024 AS TotalSize
  FROM job j JOIN package p ON p.pkg_id = j.pkg_id LEFT JOIN dp d ON d.dp_id = j.dp_id
       LEFT JOIN version v ON v.pkg_id = j.pkg_id AND v.version = j.version;

CREATE VIEW SMS_PackageStatusRootSummarizer AS
SELECT p.package_id AS PackageID, p.name AS Name, s.code AS SourceSite, p.source_version AS SourceVersion,
       p.source_us AS SourceDate, (coalesce(v.total_bytes, 0) + 1023) / 1024 AS SourceSize, 0 AS SourceCompressedSize,
       r.targeted AS Targeted, r.installed AS Installed, r.retrying AS Retrying, r.failed AS Failed
  FROM root_summary r JOIN package p ON p.pkg_id = r.pkg_id JOIN site s ON s.site_id = p.site_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version;

CREATE VIEW SMS_PackageStatusDetailSummarizer AS
SELECT p.package_id AS PackageID, s.code AS SiteCode, p.name AS Name, s.name AS SiteName,
       p.source_version AS SourceVersion, t.targeted AS Targeted, t.installed AS Installed, t.retrying AS Retrying,
       t.failed AS Failed, t.summary_us AS SummaryDate
  FROM detail_summary t JOIN package p ON p.pkg_id = t.pkg_id JOIN site s ON s.site_id = t.site_id;

CREATE VIEW SMS_PackageStatusDistPointsSummarizer AS
SELECT p.package_id AS PackageID, d.nal_path AS ServerNALPath, s.code AS SiteCode, a.state AS State,
       a.held AS SourceVersion, '\\' || d.name || '\SMS_DP_SMSPKG$\' || p.package_id AS SourceNALPath,
       a.copied_us AS LastCopied, a.summary_us AS SummaryDate, p.package_type AS PackageType, 2 AS SecuredTypeID,
       p.package_id AS SecureObjectID
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
       JOIN site s ON s.site_id = d.site_id;

CREATE VIEW SMS_PackageStatus AS
SELECT p.package_id AS PackageID, s.code AS SiteCode, s.server_name AS PkgServer, 1 AS Type,
       CASE WHEN v.pkg_id IS NOT NULL THEN 3 ELSE 0 END AS Status, 0 AS Personality,
       '\\' || s.server_name || '\SCCMContentLib$\PkgLib\' || p.package_id AS Location, '' AS ShareName,
       v.published_us AS UpdateTime
  FROM detail_summary t JOIN package p ON p.pkg_id = t.pkg_id JOIN site s ON s.site_id = t.site_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version
 WHERE t.n_assigned > 0
UNION ALL
SELECT p.package_id, s.code, d.nal_path, 2,
       CASE a.state WHEN 0 THEN 3 WHEN 2 THEN 4 WHEN 3 THEN 5 WHEN 4 THEN 7 WHEN 5 THEN 9 WHEN 6 THEN 8 WHEN 8 THEN 5
                    ELSE 0 END,
       0, '\\' || d.name || '\SMS_DP_SMSPKG$\' || p.package_id, '', a.copied_us
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
       JOIN site s ON s.site_id = d.site_id;

CREATE VIEW SMS_StatusMessage AS
SELECT m.record_id AS RecordID, m.component AS Component, m.machine AS MachineName, m.message_id AS MessageID,
       256 AS MessageType, 'SMS Server' AS ModuleName, m.severity AS Severity, m.site_code AS SiteCode, m.us AS Time,
       0 AS ProcessID, 0 AS ThreadID, 0 AS Win32Error, 0 AS PerClient, 0 AS ReportFunction, 0 AS "Transaction",
       0 AS SuccessfulTransaction, '' AS TopLevelSiteCode
  FROM status_message m;

CREATE VIEW TM_PackageCondition AS
SELECT p.package_id AS PackageID, p.name AS Name, p.source_version AS SourceVersion, r.ready AS Ready,
       CASE WHEN p.action = 3 THEN 'Deleting'
            WHEN p.source_flag = 1 THEN 'NoSource'
            WHEN r.ready THEN 'Ready'
            WHEN v.pkg_id IS NULL AND r.source_error IS NOT NULL THEN 'SourceFailed'
            WHEN r.targeted = 0 THEN 'NotDistributed'
            WHEN v.pkg_id IS NULL THEN 'Snapshot'
            WHEN r.failed > 0 THEN 'Failed'
            WHEN r.retrying > 0 THEN 'Retrying'
            ELSE 'InProgress' END AS ReadyReason,
       CASE WHEN p.action = 3 THEN 'being deleted: ' || r.n_assigned || ' distribution points still hold it'
            WHEN p.source_flag = 1 THEN 'the package has no source files, so nothing has to be distributed'
            WHEN v.pkg_id IS NULL AND r.source_error IS NOT NULL THEN r.source_error
            WHEN r.targeted = 0 THEN 'distributed to no distribution point yet'
            ELSE 'version ' || p.source_version || ' is installed on ' || r.installed || ' of ' || r.targeted
                 || ' distribution points'
                 || CASE WHEN r.failed > 0 THEN ', ' || r.failed || ' failed' ELSE '' END
                 || CASE WHEN r.retrying > 0 THEN ', ' || r.retrying || ' retrying' ELSE '' END
                 || CASE WHEN v.pkg_id IS NULL THEN '; its source folder is being read' ELSE '' END
            END AS ReadyMessage,
       r.ready_us AS ReadyTime
  FROM root_summary r JOIN package p ON p.pkg_id = r.pkg_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version;

CREATE VIEW TM_DistributionCondition AS
SELECT p.package_id AS PackageID, d.nal_path AS ServerNALPath, d.name AS ServerName, s.code AS SiteCode,
       a.state AS State,
       CASE a.state WHEN 0 THEN 'INSTALLED' WHEN 1 THEN 'INSTALL_PENDING' WHEN 2 THEN 'INSTALL_RETRYING'
                    WHEN 3 THEN 'INSTALL_FAILED' WHEN 4 THEN 'REMOVAL_PENDING' WHEN 5 THEN 'REMOVAL_RETRYING'
                    WHEN 6 THEN 'REMOVAL_FAILED' WHEN 7 THEN 'CONTENT_UPDATING' ELSE 'CONTENT_MONITORING' END AS StateName,
       CASE a.state WHEN 0 THEN 1 WHEN 2 THEN 3 WHEN 5 THEN 3 WHEN 3 THEN 4 WHEN 6 THEN 4 WHEN 8 THEN 4 ELSE 2 END
       AS MessageState,
       a.reason_code AS ReasonCode, a.reason AS Reason,
       CASE a.state WHEN 2 THEN 'it is tried again by itself; to try at once, redistribute'
                    WHEN 3 THEN 'remove the cause, then redistribute'
                    WHEN 5 THEN 'removal is tried again by itself'
                    WHEN 6 THEN 'remove the cause, then remove again; if the machine is gone, remove the distribution point with force'
                    WHEN 8 THEN 'redistribute: only what is missing or damaged is sent'
                    END AS NextStep,
       a.tries AS Tries, a.next_try_us AS NextTry, a.held AS SourceVersion, p.source_version AS TargetVersion,
       v.total_bytes AS BytesTotal, a.received AS BytesReceived, a.reused AS BytesReused, a.copied_us AS LastCopied,
       a.summary_us AS SummaryDate
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
       JOIN site s ON s.site_id = d.site_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version;

CREATE VIEW TM_Offer AS
SELECT a.advert_id AS AdvertisementID, s.code AS SiteCode, p.package_id AS PackageID, a.program_name AS ProgramName,
       p.source_version AS PackageVersion, g.command_line AS CommandLine, o.offered_us AS OfferedTime,
       a.present_us AS PresentTime, CASE WHEN a.expires_enabled THEN a.expires_us END AS ExpirationTime
  FROM offer o JOIN advert a ON a.advert_row = o.advert_row JOIN site s ON s.site_id = o.site_id
       JOIN package p ON p.pkg_id = a.pkg_id
       LEFT JOIN program g ON g.pkg_id = a.pkg_id AND g.name = a.program_name;

CREATE VIEW TM_Audit AS
SELECT record_id AS RecordID, us AS Time, who AS Who, peer AS "From", wire AS Wire, verb AS Verb, object AS Object
  FROM audit;

-- The names under which ConfigMgr's reports know the same data.
CREATE VIEW v_Package AS SELECT * FROM SMS_Package;
CREATE VIEW v_PackageStatus AS SELECT * FROM SMS_PackageStatus;
CREATE VIEW v_PackageStatusRootSummarizer AS SELECT * FROM SMS_PackageStatusRootSummarizer;
CREATE VIEW v_PackageStatusDetailSumm AS SELECT * FROM SMS_PackageStatusDetailSummarizer;
CREATE VIEW v_PackageStatusDistPointsSumm AS
SELECT s.*, c.StateName AS InstallStatus
  FROM SMS_PackageStatusDistPointsSummarizer s
       JOIN TM_DistributionCondition c ON c.PackageID = s.PackageID AND c.ServerNALPath = s.ServerNALPath;
CREATE VIEW v_DistributionPoint AS SELECT * FROM SMS_DistributionPoint;
