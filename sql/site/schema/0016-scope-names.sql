-- SPDX-License-Identifier: Apache-2.0
-- SMS_Package.SecuredScopeNames: the scopes it is in, by name; Default when in none.
-- JSON functions are not for views; names have no control characters (src/model/category.c).

DROP VIEW SMS_Package;
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
       NULL AS LocalizedCategoryInstanceNames,
       coalesce((SELECT '[' || group_concat('"' || replace(replace(c.name, '\', '\\'), '"', '\"') || '"') || ']'
                   FROM secured_membership m JOIN secured_category c ON c.category_row = m.category_row
                  WHERE m.object_type = 2 AND m.object_key = p.package_id), '["Default"]') AS SecuredScopeNames,
       printf('%016X', p.revision) AS SedoObjectVersion, p.image_flags AS DefaultImageFlags,
       0 AS IsPredefinedPackage, p.transform_readiness AS TransformReadiness, p.transform_us AS TransformAnalysisDate
  FROM package p JOIN site s ON s.site_id = p.site_id
       LEFT JOIN version v ON v.pkg_id = p.pkg_id AND v.version = p.source_version;
