-- SPDX-License-Identifier: Apache-2.0
-- The names under which ConfigMgr's reports know the same data, for people who
-- read the database with SQL: instants are texts there ("2026-01-31 23:59:59",
-- UTC), states are words.
DROP VIEW v_Package;
DROP VIEW v_PackageStatus;
DROP VIEW v_PackageStatusRootSummarizer;
DROP VIEW v_PackageStatusDetailSumm;
DROP VIEW v_PackageStatusDistPointsSumm;
DROP VIEW v_DistributionPoint;

CREATE VIEW v_Package AS
SELECT PackageID, Name, Version, Language, Manufacturer, Description, PkgSourceFlag, PkgSourcePath, StoredPkgPath,
       SourceVersion, datetime(SourceDate / 1000000, 'unixepoch') AS SourceDate, SourceSite, StoredPkgVersion,
       ShareName, PreferredAddressType, Priority, PkgFlags, MIFFilename, MIFPublisher, MIFName, MIFVersion,
       datetime(LastRefreshTime / 1000000, 'unixepoch') AS LastRefresh, ShareType, ActionInProgress AS Action,
       PackageType, PackageSize, NumOfPrograms
  FROM SMS_Package;

CREATE VIEW v_PackageStatus AS
SELECT PackageID AS ID, PackageID, Type, Personality, SiteCode, PkgServer, Location, ShareName, Status,
       datetime(UpdateTime / 1000000, 'unixepoch') AS UpdateTime
  FROM SMS_PackageStatus;

CREATE VIEW v_PackageStatusRootSummarizer AS
SELECT PackageID, Name, SourceSite, SourceVersion, datetime(SourceDate / 1000000, 'unixepoch') AS SourceDate, SourceSize,
       SourceCompressedSize, Targeted, Installed, Retrying, Failed
  FROM SMS_PackageStatusRootSummarizer;

CREATE VIEW v_PackageStatusDetailSumm AS
SELECT PackageID, SiteCode, SiteName, Name, SourceVersion, Targeted, Installed, Retrying, Failed,
       datetime(SummaryDate / 1000000, 'unixepoch') AS SummaryDate
  FROM SMS_PackageStatusDetailSummarizer;

CREATE VIEW v_PackageStatusDistPointsSumm AS
SELECT PackageID, SiteCode, ServerNALPath, SourceNALPath, SourceVersion, State,
       CASE State WHEN 0 THEN 'Package Installation complete' WHEN 1 THEN 'Waiting to install package'
                  WHEN 2 THEN 'Retrying package installation' WHEN 3 THEN 'Package installation failed'
                  WHEN 4 THEN 'Waiting to remove package' WHEN 5 THEN 'Retrying package removal'
                  WHEN 6 THEN 'Package removal failed' WHEN 7 THEN 'Content updating' ELSE 'Content monitoring' END
       AS InstallStatus,
       datetime(LastCopied / 1000000, 'unixepoch') AS LastCopied,
       datetime(SummaryDate / 1000000, 'unixepoch') AS SummaryDate, PackageType
  FROM SMS_PackageStatusDistPointsSummarizer;

CREATE VIEW v_DistributionPoint AS
SELECT PackageID, ServerNALPath, SiteCode, SiteName, SourceSite, Status,
       datetime(LastRefreshTime / 1000000, 'unixepoch') AS LastRefreshTime, RefreshNow AS RefreshTrigger, BitsEnabled,
       IsPeerDP, IsProtected, ResourceType
  FROM SMS_DistributionPoint;

CREATE VIEW v_DistributionPointInfo AS
SELECT ID AS DPID, NALPath, ServerName, Name, SiteCode, SiteName, Description, ResourceType, Priority, TransferRate,
       RateLimitsEnabled, PreStagingAllowed, IsPullDP, IsPeerDP, IsProtected, IsMulticast, IsPXE, IsActive, BitsEnabled,
       HealthCheckEnabled, HealthCheckPriority, HealthCheckSchedule, GroupCount, Communication
  FROM SMS_DistributionPointInfo;

CREATE VIEW vSMS_DistributionDPStatus AS
SELECT ID, PackageID, ObjectID, ObjectTypeID, NalPath, Name, SiteCode, GroupCount, LastStatusID,
       datetime(LastUpdateDate / 1000000, 'unixepoch') AS LastUpdateDate, MessageID, MessageFullID, MessageSeverity,
       MessageCategory, MessageState, InsString1, InsString2, InsString3
  FROM SMS_DistributionDPStatus;

CREATE VIEW vSMS_DPStatusDetails AS
SELECT ID, DPName, NALPath, PackageID, SiteCode, StatusMsgID,
       datetime(LastStatusTime / 1000000, 'unixepoch') AS LastStatusTime, MessageID, MessageFullID, MessageSeverity,
       MessageCategory, MessageState, InsString1, InsString2, InsString3
  FROM SMS_DPStatusDetails;

CREATE VIEW vSMS_DistributionJob AS
SELECT JobID, PkgID, DPID, NALPath, PackageVersion, Action, State, RetryCount,
       datetime(CreationTime / 1000000, 'unixepoch') AS CreationTime,
       datetime(StartTime / 1000000, 'unixepoch') AS StartTime,
       datetime(LastUpdateTime / 1000000, 'unixepoch') AS LastUpdateTime, RemainingSize, TotalSize
  FROM SMS_DistributionJob;
