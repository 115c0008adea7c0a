-- SPDX-License-Identifier: Apache-2.0
-- Collections that belong to a DP group, sites in short, and associations.

CREATE TABLE group_collection (
        group_row INTEGER NOT NULL REFERENCES dp_group ON DELETE CASCADE,
        collection_row INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
        PRIMARY KEY (group_row, collection_row)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_collection_collection ON group_collection (collection_row);

DROP VIEW SMS_DistributionPointGroup;
CREATE VIEW SMS_DistributionPointGroup AS
SELECT g.group_id AS GroupID, g.name AS Name, g.description AS Description, g.n_members AS MemberCount,
       g.n_packages AS ContentCount,
       (SELECT count(*) FROM group_collection k WHERE k.group_row = g.group_row) AS CollectionCount,
       g.n_out_of_sync AS OutOfSyncContentCount, g.n_out_of_sync = 0 AS ContentInSync, g.n_members > 0 AS HasMember,
       EXISTS (SELECT 1 FROM group_collection k WHERE k.group_row = g.group_row) AS HasRelationship,
       g.created_by AS CreatedBy, g.created_us AS CreatedOn, g.modified_by AS ModifiedBy, g.modified_us AS ModifiedOn,
       s.code AS SourceSite
  FROM dp_group g JOIN site s ON s.site_id = g.site_id;

CREATE VIEW SMS_DPGroupCollections AS
SELECT g.group_id AS GroupID, c.collection_id AS CollectionID, g.name AS GroupName, g.description AS GroupDescription,
       c.name AS CollectionName, c.comment AS CollectionDescription, c.n_members AS CollectionMemberCount
  FROM group_collection k JOIN dp_group g ON g.group_row = k.group_row
       JOIN collection c ON c.collection_row = k.collection_row;

CREATE VIEW SMS_SiteAndSubsites AS
SELECT s.code AS SiteCode, s.name AS SiteName, s.server_name AS ServerName, s.version AS Version FROM site s;

-- References are object paths.  Columns behind them are for touches, which find rows by them.
CREATE VIEW SMS_PkgToPkgServer_a AS
SELECT 'SMS_Package.PackageID="' || p.package_id || '"' AS package,
       'SMS_DistributionPoint.PackageID="' || p.package_id || '",ServerNALPath="'
       || replace(replace(d.nal_path, '\', '\\'), '"', '\"') || '",SiteCode="' || s.code || '"' AS pkgServer,
       p.package_id AS PackageID, d.nal_path AS ServerNALPath
  FROM assignment a JOIN package p ON p.pkg_id = a.pkg_id JOIN dp d ON d.dp_id = a.dp_id
       JOIN site s ON s.site_id = d.site_id;

CREATE VIEW SMS_PkgToPkgProgram_a AS
SELECT 'SMS_Package.PackageID="' || p.package_id || '"' AS package,
       'SMS_Program.PackageID="' || p.package_id || '",ProgramName="'
       || replace(replace(g.name, '\', '\\'), '"', '\"') || '"' AS pkgProgram,
       p.package_id AS PackageID, g.name AS ProgramName
  FROM program g JOIN package p ON p.pkg_id = g.pkg_id;

CREATE VIEW SMS_PackageToAdvert_a AS
SELECT 'SMS_Advertisement.AdvertisementID="' || a.advert_id || '"' AS advert,
       'SMS_Package.PackageID="' || p.package_id || '"' AS package, a.advert_id AS AdvertisementID
  FROM advert a JOIN package p ON p.pkg_id = a.pkg_id;

CREATE VIEW SMS_PackageToSourceSite_a AS
SELECT 'SMS_Package.PackageID="' || p.package_id || '"' AS ownedPackage,
       'SMS_Site.SiteCode="' || s.code || '"' AS pkgSourcesite, p.package_id AS PackageID
  FROM package p JOIN site s ON s.site_id = p.site_id;

CREATE VIEW SMS_AdvertToSourceSite_a AS
SELECT 'SMS_Site.SiteCode="' || s.code || '"' AS advertSourceSite,
       'SMS_Advertisement.AdvertisementID="' || a.advert_id || '"' AS ownedAdvert,
       a.advert_id AS AdvertisementID
  FROM advert a JOIN site s ON s.site_id = a.site_id;
