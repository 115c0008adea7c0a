-- SPDX-License-Identifier: Apache-2.0
-- Objects: columns in the order of the field tables in src/model/*.c.

-- name: package_insert   role: writer
-- A new package; its first version is ordered next.
INSERT INTO package (action, source_version, pkg_id, package_id, site_id, name, version, language, manufacturer, description, package_type,
        pkg_flags, source_flag, source_path, priority, share_type, share_name, address_type,
        ignore_schedule, disconnect_enabled, disconnect_retries, disconnect_delay, mif_filename, mif_name,
        mif_publisher, mif_version, stored_path, stored_version, content_providers, icon_size,
        extended_size, isv_size, isv_string, image_flags, transform_us, transform_readiness, icon,
        extended_data, isv_data, refresh_schedule)
VALUES (0, 0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
        ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38);

-- name: package_update   role: writer   hot
-- What a caller may change of a package.
UPDATE package
   SET name = ?2, version = ?3, language = ?4, manufacturer = ?5, description = ?6, package_type = ?7,
       pkg_flags = ?8, source_flag = ?9, source_path = ?10, priority = ?11, share_type = ?12,
       share_name = ?13, address_type = ?14, ignore_schedule = ?15, disconnect_enabled = ?16,
       disconnect_retries = ?17, disconnect_delay = ?18, mif_filename = ?19, mif_name = ?20,
       mif_publisher = ?21, mif_version = ?22, stored_path = ?23, stored_version = ?24,
       content_providers = ?25, icon_size = ?26, extended_size = ?27, isv_size = ?28, isv_string = ?29,
       image_flags = ?30, transform_us = ?31, transform_readiness = ?32, icon = ?33, extended_data = ?34,
       isv_data = ?35, refresh_schedule = ?36, revision = revision + 1
 WHERE pkg_id = ?1;

-- name: program_insert   role: writer
-- A program of a package.
INSERT INTO program (pkg_id, name, command_line, working_directory, comment, description, requirements, hierarchy,
        msi_path, msi_product, dependent, disk_space, drive_letter, duration, program_flags, device_flags,
        removal_key, icon_size, extended_size, isv_size, isv_string, transform_us, transform_readiness,
        transform_dt, supported_os, icon, extended_data, isv_data)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
        ?22, ?23, ?24, ?25, ?26, ?27, ?28);

-- name: program_update   role: writer   hot
-- What a caller may change of a program.
UPDATE program
   SET name = ?2, command_line = ?3, working_directory = ?4, comment = ?5, description = ?6,
       requirements = ?7, hierarchy = ?8, msi_path = ?9, msi_product = ?10, dependent = ?11,
       disk_space = ?12, drive_letter = ?13, duration = ?14, program_flags = ?15, device_flags = ?16,
       removal_key = ?17, icon_size = ?18, extended_size = ?19, isv_size = ?20, isv_string = ?21,
       transform_us = ?22, transform_readiness = ?23, transform_dt = ?24, supported_os = ?25, icon = ?26,
       extended_data = ?27, isv_data = ?28
 WHERE program_row = ?1;

-- name: program_row   role: reader   hot
-- A program by package and name.
SELECT program_row FROM program WHERE pkg_id = ?1 AND name = ?2;

-- name: program_delete   role: writer   hot
-- A program goes.
DELETE FROM program WHERE program_row = ?1;

-- name: program_count   role: writer   hot
-- NumOfPrograms follows.
UPDATE package SET n_programs = n_programs + ?2 WHERE pkg_id = ?1;

-- name: collection_insert   role: writer
-- A collection.
INSERT INTO collection (collection_id, builtin, change_us, member_change_us, name, comment, type, limit_id, limit_name,
        refresh_type, isv_size, isv_string, rules, refresh_schedule, isv_data)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15);

-- name: collection_update   role: writer   hot
-- What a caller may change of a collection.
UPDATE collection
   SET name = ?2, comment = ?3, type = ?4, limit_id = ?5, limit_name = ?6, refresh_type = ?7,
       isv_size = ?8, isv_string = ?9, rules = ?10, refresh_schedule = ?11, isv_data = ?12,
       change_us = ?13
 WHERE collection_row = ?1;

-- name: collection_row   role: reader   hot
-- A collection by CollectionID.
SELECT collection_row FROM collection WHERE collection_id = ?1;

-- name: collection_get   role: reader   hot
-- What deleting needs to know.
SELECT builtin, collection_id FROM collection WHERE collection_row = ?1;

-- name: collection_refresh   role: writer   hot
-- RequestRefresh.
UPDATE collection SET refresh_us = ?2 WHERE collection_row = ?1;

-- name: collection_delete   role: writer   hot
-- A collection goes with its members.
DELETE FROM collection WHERE collection_row = ?1;

-- name: member_insert   role: writer
-- A direct member.
INSERT INTO collection_member (collection_row, name) VALUES (?1, ?2);

-- name: member_delete   role: writer   hot
-- A direct member leaves.
DELETE FROM collection_member WHERE collection_row = ?1 AND name = ?2;

-- name: member_count   role: writer   hot
-- MemberCount follows.
UPDATE collection SET n_members = n_members + ?2, member_change_us = ?3 WHERE collection_row = ?1;

-- name: advert_insert   role: writer
-- An advertisement.
INSERT INTO advert (advert_id, pkg_id, collection_row, site_id, program_name, name, comment, flags, remote_flags,
        device_flags, present_us, present_enabled, present_gmt, expires_us, expires_enabled, expires_gmt,
        assigned_enabled, assigned_gmt, subcollections, priority, offer_type, countdown, hierarchy,
        isv_size, isv_string, assigned_schedule, isv_data)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
        ?22, ?23, ?24, ?25, ?26, ?27);

-- name: advert_update   role: writer   hot
-- What a caller may change of an advertisement.
UPDATE advert
   SET program_name = ?2, name = ?3, comment = ?4, flags = ?5, remote_flags = ?6, device_flags = ?7,
       present_us = ?8, present_enabled = ?9, present_gmt = ?10, expires_us = ?11, expires_enabled = ?12,
       expires_gmt = ?13, assigned_enabled = ?14, assigned_gmt = ?15, subcollections = ?16,
       priority = ?17, offer_type = ?18, countdown = ?19, hierarchy = ?20, isv_size = ?21,
       isv_string = ?22, assigned_schedule = ?23, isv_data = ?24, collection_row = ?25
 WHERE advert_row = ?1;

-- name: advert_row   role: reader   hot
-- An advertisement by AdvertisementID.
SELECT advert_row, pkg_id, advert_id FROM advert WHERE advert_id = ?1;

-- name: advert_delete   role: writer   hot
-- An advertisement goes.
DELETE FROM advert WHERE advert_row = ?1;

-- name: group_insert   role: writer
-- A DP group.
INSERT INTO dp_group (group_id, site_id, created_by, created_us, modified_by, modified_us, name, description)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: group_update   role: writer   hot
-- What a caller may change of a DP group.
UPDATE dp_group
   SET name = ?2, description = ?3, modified_by = ?4, modified_us = ?5
 WHERE group_row = ?1;

-- name: group_row   role: reader   hot
-- A group by GroupID.
SELECT group_row, group_id FROM dp_group WHERE group_id = ?1;

-- name: group_row_by_name   role: reader   hot
-- A group by name.
SELECT group_row, group_id FROM dp_group WHERE name = ?1;

-- name: group_id   role: reader   hot
-- A group's GroupID.
SELECT group_id FROM dp_group WHERE group_row = ?1;

-- name: group_delete   role: writer   hot
-- A group goes; its members and packages went before.
DELETE FROM dp_group WHERE group_row = ?1;

-- name: group_members   role: reader   hot
-- The DPs of a group.
SELECT dp_id FROM group_member WHERE group_row = ?1 ORDER BY dp_id;

-- name: group_packages   role: reader   hot
-- The packages of a group.
SELECT pkg_id FROM group_package WHERE group_row = ?1 ORDER BY pkg_id;

-- name: group_member_insert   role: writer
-- A DP joins.
INSERT INTO group_member (group_row, dp_id) VALUES (?1, ?2);

-- name: group_member_delete   role: writer   hot
-- A DP leaves.
DELETE FROM group_member WHERE group_row = ?1 AND dp_id = ?2;

-- name: group_members_delete   role: writer   hot
-- All DPs leave.
DELETE FROM group_member WHERE group_row = ?1;

-- name: group_package_insert   role: writer
-- A package belongs on all members; how many have it is counted.
INSERT INTO group_package (group_row, pkg_id, n_installed)
SELECT ?1, ?2, count(*) FROM group_member m JOIN assignment a ON a.pkg_id = ?2 AND a.dp_id = m.dp_id AND a.state = 0
 WHERE m.group_row = ?1;

-- name: group_package_delete   role: writer   hot
-- It does no more.
DELETE FROM group_package WHERE group_row = ?1 AND pkg_id = ?2;

-- name: group_packages_delete   role: writer   hot
-- No package does.
DELETE FROM group_package WHERE group_row = ?1;

-- name: group_member_counts   role: writer   hot
-- A member came (+1) or goes (-1) with what it holds installed.
UPDATE group_package SET n_installed = n_installed + ?3
 WHERE group_row = ?1
   AND EXISTS (SELECT 1 FROM assignment a WHERE a.pkg_id = group_package.pkg_id AND a.dp_id = ?2 AND a.state = 0);

-- name: group_recount   role: writer   hot
-- The group's own counts from its members and packages.
UPDATE dp_group
   SET n_members = (SELECT count(*) FROM group_member WHERE group_row = ?1),
       n_packages = (SELECT count(*) FROM group_package WHERE group_row = ?1),
       n_out_of_sync = (SELECT count(*) FROM group_package p WHERE p.group_row = ?1
                         AND p.n_installed < (SELECT count(*) FROM group_member WHERE group_row = ?1))
 WHERE group_row = ?1;

-- name: groups_of_pair   role: reader   hot
-- Groups that want the package and have the DP, and how many of their members hold it.
SELECT p.group_row, p.n_installed, g.n_members
  FROM group_member m JOIN group_package p ON p.group_row = m.group_row AND p.pkg_id = ?1
       JOIN dp_group g ON g.group_row = m.group_row
 WHERE m.dp_id = ?2;

-- name: group_package_add   role: writer   hot
-- A member gained or lost the package.
UPDATE group_package SET n_installed = n_installed + ?3 WHERE group_row = ?1 AND pkg_id = ?2;

-- name: group_sync_add   role: writer   hot
-- A package of the group went out of step, or came back.
UPDATE dp_group SET n_out_of_sync = n_out_of_sync + ?2 WHERE group_row = ?1;

-- name: groups_of_package   role: reader   hot
-- Groups that want a package.
SELECT group_row FROM group_package WHERE pkg_id = ?1;

-- name: groups_of_dp   role: reader   hot
-- Groups a DP is in.
SELECT group_row FROM group_member WHERE dp_id = ?1;

-- name: site_insert   role: writer
-- A site.
INSERT INTO site (code, own, name, server_name, install_dir, parent_code, type, mode, version, time_zone, features,
        requested_status, update_status)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);

-- name: site_update   role: writer   hot
-- What a caller may change of a site.
UPDATE site
   SET name = ?2, server_name = ?3, install_dir = ?4, parent_code = ?5, type = ?6, mode = ?7,
       version = ?8, time_zone = ?9, features = ?10, requested_status = ?11, update_status = ?12
 WHERE site_id = ?1;

-- name: site_own   role: reader
-- This site.
SELECT site_id, code FROM site WHERE own = 1;

-- name: site_row   role: reader   hot
-- A site by code.
SELECT site_id, own, code FROM site WHERE code = ?1;

-- name: site_users   role: reader
-- What keeps a site from being deleted: DPs, child sites, packages.
SELECT (SELECT count(*) FROM dp WHERE site_id = ?1),
       (SELECT count(*) FROM site c JOIN site s ON s.site_id = ?1 AND c.parent_code = s.code),
       (SELECT count(*) FROM package WHERE site_id = ?1);

-- name: site_delete   role: writer
-- A site goes.
DELETE FROM site WHERE site_id = ?1;

-- name: site_packages   role: reader   hot
-- Packages whose summaries show the site.
SELECT pkg_id FROM detail_summary WHERE site_id = ?1;

-- name: dp_insert   role: writer
-- A distribution point.
INSERT INTO dp (dp_id, name, nal_path, site_id, url, description, token, token_expires_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: dp_update   role: writer   hot
-- What a caller may change of a distribution point.
UPDATE dp
   SET description = ?2, priority = ?3, health_enabled = ?4, health_priority = ?5, health_schedule = ?6,
       protected = ?7, prestaging = ?8, rate_limits = ?9
 WHERE dp_id = ?1;

-- name: dp_by_name   role: reader   hot
-- A DP by name.
SELECT d.dp_id, d.name, s.code, d.nal_path, d.url, d.cert, d.maintenance, d.last_seen_us, d.token, d.token_expires_us
  FROM dp d JOIN site s ON s.site_id = d.site_id WHERE d.name = ?1;

-- name: dp_by_nal   role: reader   hot
-- A DP by NAL path.
SELECT d.dp_id, d.name, s.code, d.nal_path, d.url, d.cert, d.maintenance, d.last_seen_us, d.token, d.token_expires_us
  FROM dp d JOIN site s ON s.site_id = d.site_id WHERE d.nal_path = ?1;

-- name: dp_by_id   role: reader   hot
-- A DP by number.
SELECT d.dp_id, d.name, s.code, d.nal_path, d.url, d.cert, d.maintenance, d.last_seen_us, d.token, d.token_expires_us
  FROM dp d JOIN site s ON s.site_id = d.site_id WHERE d.dp_id = ?1;

-- name: dp_by_cert   role: reader   hot
-- A DP by its certificate's SHA-256.
SELECT d.dp_id, d.name, s.code, d.nal_path, d.url, d.cert, d.maintenance, d.last_seen_us, d.token, d.token_expires_us
  FROM dp d JOIN site s ON s.site_id = d.site_id WHERE d.cert = ?1;

-- name: dp_token   role: writer   hot
-- A one-time enrolment token, or none.
UPDATE dp SET token = ?2, token_expires_us = ?3 WHERE dp_id = ?1;

-- name: dp_cert   role: writer   hot
-- The certificate by which the DP is known, and where clients reach it.
UPDATE dp SET cert = ?2, url = ?3 WHERE dp_id = ?1;

-- name: dp_maintenance   role: writer   hot
-- New work waits, or comes again.
UPDATE dp SET maintenance = ?2 WHERE dp_id = ?1;

-- name: dp_seen   role: writer   hot
-- It spoke.
UPDATE dp SET last_seen_us = ?2, agent_version = ?3, bytes_free = ?4, bytes_total = ?5 WHERE dp_id = ?1;

-- name: dp_space   role: reader   hot
-- What was known of it, to see whether it is news.
SELECT last_seen_us, bytes_free, bytes_total, agent_version FROM dp WHERE dp_id = ?1;

-- name: dp_groups   role: writer   hot
-- GroupCount follows.
UPDATE dp SET n_groups = n_groups + ?2 WHERE dp_id = ?1;

-- name: dp_delete   role: writer   hot
-- A distribution point goes.
DELETE FROM dp WHERE dp_id = ?1;

-- name: dp_site   role: reader   hot
-- The site of a DP.
SELECT site_id FROM dp WHERE dp_id = ?1;

-- name: dp_all   role: reader
-- All DPs.
SELECT dp_id FROM dp ORDER BY dp_id;
