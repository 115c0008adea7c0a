-- SPDX-License-Identifier: Apache-2.0
-- What each status message says, why, and what a person does then.  Ids,
-- severities and components as ConfigMgr's Distribution Manager and Package
-- Transfer Manager raise them (Microsoft, "Understand package actions" and
-- "Advanced troubleshooting tips for content distribution"); the words are ours.
-- In a text %1 is the package, %2 the distribution point, %3 the rest.

CREATE TABLE status_kind (
        message_id INTEGER PRIMARY KEY,
        severity INTEGER NOT NULL,      /* 0x40000000 informational, 0x80000000 warning, 0xC0000000 error */
        component TEXT NOT NULL,
        text TEXT NOT NULL,
        cause TEXT NOT NULL,
        next_step TEXT NOT NULL
) STRICT;

INSERT INTO status_kind VALUES
        (2300, 0x40000000, 'SMS_DISTRIBUTION_MANAGER', 'Started processing package %1.',
         'A new version of the source was ordered.', 'Nothing: the source folder is being read.'),
        (2301, 0x40000000, 'SMS_DISTRIBUTION_MANAGER', 'Package %1 was processed.',
         'The current version is in the content library.', 'Nothing: distribution points are being served.'),
        (2302, 0xC0000000, 'SMS_DISTRIBUTION_MANAGER', 'Package %1 could not be processed: %3',
         'The source folder could not be read as a whole.',
         'Remove the cause that is named, then update the package; it is tried again by itself as well.'),
        (2303, 0x40000000, 'SMS_DISTRIBUTION_MANAGER', 'Package %1 was refreshed on %2.',
         'The distribution point holds the version again, verified.', 'Nothing.'),
        (2311, 0x40000000, 'SMS_DISTRIBUTION_MANAGER', 'Package %1 was created or updated at this site: %3',
         'Somebody created the package or ordered a version.', 'Nothing.'),
        (2330, 0x40000000, 'SMS_DISTRIBUTION_MANAGER', 'Package %1 was distributed to %2: %3',
         'Every byte was checked against the manifest and written to disk.', 'Nothing: clients can fetch it there.'),
        (2331, 0x40000000, 'SMS_DISTRIBUTION_MANAGER', 'Package %1 was removed from %2.',
         'Removal was ordered, and the distribution point holds it no longer.', 'Nothing.'),
        (2342, 0x40000000, 'SMS_DISTRIBUTION_MANAGER', 'Started distributing package %1 to %2.',
         'The transfer''s turn has come.', 'Nothing: progress is shown while bytes move.'),
        (2376, 0x40000000, 'SMS_DISTRIBUTION_MANAGER',
         'The source of package %1 was taken into the content library: %3',
         'The source folder was read completely.', 'Nothing.'),
        (2380, 0x40000000, 'SMS_DISTRIBUTION_MANAGER', 'Validation of package %1 on %2 has started.',
         'Validation was ordered, or its schedule has come.', 'Nothing: every file is being read again.'),
        (2382, 0xC0000000, 'SMS_DISTRIBUTION_MANAGER', 'Package %1 on %2 has files with a wrong hash: %3',
         'Files on the distribution point''s disk are not what was installed: damaged, or changed by hand.',
         'Redistribute the package: only what is damaged is sent. If it comes back, test the disk.'),
        (2383, 0xC0000000, 'SMS_DISTRIBUTION_MANAGER', 'Package %1 on %2 failed validation: %3',
         'The distribution point no longer holds the package, or not all of it.',
         'Redistribute the package: only what is missing is sent.'),
        (2384, 0x40000000, 'SMS_DISTRIBUTION_MANAGER', 'Every file of package %1 on %2 was verified.',
         'Validation has read every byte again.', 'Nothing.'),
        (2388, 0x80000000, 'SMS_DISTRIBUTION_MANAGER', 'What %2 holds differs from what it should hold: %3',
         'The distribution point lists packages that are not assigned to it.',
         'Assign them, or remove them on the distribution point.'),
        (2391, 0xC0000000, 'SMS_DISTRIBUTION_MANAGER', '%2 cannot be reached for package %1: %3',
         'The distribution point is off, or the network between it and the site is down.',
         'Start it or mend the network; it is tried again by itself as soon as the distribution point calls.'),
        (2399, 0x40000000, 'SMS_DISTRIBUTION_MANAGER', 'Distribution point %2 was installed: %3',
         'It has enrolled and holds a certificate of this site.', 'Nothing: packages can be distributed to it.'),
        (8203, 0xC0000000, 'SMS_PACKAGE_TRANSFER_MANAGER', 'The job for package %1 on %2 failed and is tried again: %3',
         'The transfer or the installation on the distribution point failed.',
         'Remove the cause that is named; it is tried again by itself, or at once with redistribute.'),
        (8204, 0x40000000, 'SMS_PACKAGE_TRANSFER_MANAGER', 'Package %1 is being sent to %2.',
         'The distribution point holds an older version and is sent what it lacks.', 'Nothing.'),
        (8211, 0xC0000000, 'SMS_PACKAGE_TRANSFER_MANAGER', 'The job for package %1 on %2 failed for good: %3',
         'All tries are used up, or trying again cannot help.',
         'Remove the cause that is named, then redistribute the package to this distribution point.');

CREATE VIEW SMS_StatMsgInsStrings AS
SELECT m.record_id AS RecordID, 0 AS InsStrIndex, m.string1 AS InsStrValue FROM status_message m
 WHERE m.string1 IS NOT NULL
UNION ALL
SELECT m.record_id, 1, m.string2 FROM status_message m WHERE m.string2 IS NOT NULL
UNION ALL
SELECT m.record_id, 2, m.string3 FROM status_message m WHERE m.string3 IS NOT NULL;

CREATE VIEW SMS_StatMsgAttributes AS
SELECT m.record_id AS RecordID, 400 AS AttributeID, m.us AS AttributeTime, m.attr_package AS AttributeValue
  FROM status_message m WHERE m.attr_package IS NOT NULL
UNION ALL
SELECT m.record_id, 404, m.us, m.attr_dp FROM status_message m WHERE m.attr_dp IS NOT NULL
UNION ALL
SELECT m.record_id, 410, m.us, '' || m.attr_version FROM status_message m WHERE m.attr_version IS NOT NULL;

CREATE VIEW SMS_StatMsgModuleNames AS
SELECT 'SMS Server' AS ModuleName, 'srvmsgs.dll' AS MsgDLLName FROM site WHERE own = 1;

CREATE VIEW TM_StatusMessage AS
SELECT m.record_id AS RecordID, m.message_id AS MessageID, m.severity AS Severity, m.component AS Component,
       m.us AS Time,
       m.site_code AS SiteCode, m.attr_package AS PackageID, m.string2 AS ServerName, m.attr_version AS PackageVersion,
       replace(replace(replace(k.text, '%1', coalesce(m.string1, '')), '%2', coalesce(m.string2, '')), '%3',
               coalesce(m.string3, '')) AS Text,
       k.cause AS Cause, k.next_step AS NextStep
  FROM status_message m JOIN status_kind k ON k.message_id = m.message_id;
