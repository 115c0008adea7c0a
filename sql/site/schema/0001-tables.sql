-- SPDX-License-Identifier: Apache-2.0
-- The site's truth.  Instants are microseconds since 1970 UTC; booleans 0 and 1;
-- arrays JSON.  Texts that are keys of WMI instances compare without case, as
-- WMI compares them.

-- Next numbers; what was given out is never given again.
CREATE TABLE counter (
        name TEXT NOT NULL PRIMARY KEY,
        value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE site (
        site_id INTEGER PRIMARY KEY,
        code TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (length(code) = 3),
        own INTEGER NOT NULL DEFAULT 0,
        name TEXT NOT NULL,
        server_name TEXT NOT NULL COLLATE NOCASE,       /* one column with nal_path in SMS_PackageStatus: same collation */
        install_dir TEXT NOT NULL,
        parent_code TEXT NOT NULL COLLATE NOCASE,
        type INTEGER NOT NULL,
        status INTEGER NOT NULL DEFAULT 1,
        mode INTEGER NOT NULL,
        version TEXT NOT NULL,
        time_zone TEXT NOT NULL,
        features TEXT,
        requested_status INTEGER,
        update_status INTEGER
) STRICT;
CREATE UNIQUE INDEX site_own ON site (own) WHERE own = 1;

CREATE TABLE dp (
        dp_id INTEGER PRIMARY KEY CHECK (dp_id > 0),
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        nal_path TEXT NOT NULL UNIQUE COLLATE NOCASE,
        site_id INTEGER NOT NULL REFERENCES site,
        url TEXT NOT NULL,
        cert BLOB CHECK (cert IS NULL OR length(cert) = 32),
        token BLOB CHECK (token IS NULL OR length(token) = 32),
        token_expires_us INTEGER,
        maintenance INTEGER NOT NULL DEFAULT 0,
        last_seen_us INTEGER,
        agent_version TEXT NOT NULL DEFAULT '',
        bytes_free INTEGER,
        bytes_total INTEGER,
        n_groups INTEGER NOT NULL DEFAULT 0,
        description TEXT,
        priority INTEGER NOT NULL DEFAULT 200,
        health_enabled INTEGER,
        health_priority INTEGER NOT NULL DEFAULT 4,
        health_schedule TEXT,
        protected INTEGER NOT NULL DEFAULT 0,
        prestaging INTEGER,
        rate_limits INTEGER
) STRICT;
CREATE INDEX dp_site ON dp (site_id);
CREATE UNIQUE INDEX dp_cert ON dp (cert) WHERE cert IS NOT NULL;

CREATE TABLE package (
        pkg_id INTEGER PRIMARY KEY CHECK (pkg_id > 0),
        package_id TEXT NOT NULL UNIQUE COLLATE NOCASE CHECK (length(package_id) = 8),
        site_id INTEGER NOT NULL REFERENCES site,
        action INTEGER NOT NULL,
        source_version INTEGER NOT NULL,
        source_us INTEGER,
        last_refresh_us INTEGER,
        revision INTEGER NOT NULL DEFAULT 1,
        n_programs INTEGER NOT NULL DEFAULT 0,
        name TEXT NOT NULL COLLATE NOCASE,
        version TEXT,
        language TEXT,
        manufacturer TEXT,
        description TEXT,
        package_type INTEGER NOT NULL,
        pkg_flags INTEGER,
        source_flag INTEGER NOT NULL,
        source_path TEXT NOT NULL,
        priority INTEGER NOT NULL,
        share_type INTEGER,
        share_name TEXT,
        address_type TEXT,
        ignore_schedule INTEGER,
        disconnect_enabled INTEGER,
        disconnect_retries INTEGER,
        disconnect_delay INTEGER,
        mif_filename TEXT,
        mif_name TEXT,
        mif_publisher TEXT,
        mif_version TEXT,
        stored_path TEXT,
        stored_version INTEGER,
        content_providers TEXT,
        icon_size INTEGER,
        extended_size INTEGER,
        isv_size INTEGER,
        isv_string TEXT,
        image_flags INTEGER,
        transform_us INTEGER,
        transform_readiness INTEGER,
        icon TEXT,
        extended_data TEXT,
        isv_data TEXT,
        refresh_schedule TEXT
) STRICT;
CREATE INDEX package_name ON package (name);

-- What was snapshot: the identity of a version is its manifest's hash.
CREATE TABLE version (
        pkg_id INTEGER NOT NULL REFERENCES package ON DELETE CASCADE,
        version INTEGER NOT NULL,
        manifest BLOB NOT NULL CHECK (length(manifest) = 32),
        total_bytes INTEGER NOT NULL,
        n_files INTEGER NOT NULL,
        published_us INTEGER NOT NULL,
        PRIMARY KEY (pkg_id, version)
) STRICT, WITHOUT ROWID;

-- SMS_PackageStatusRootSummarizer's numbers and the Ready condition.
CREATE TABLE root_summary (
        pkg_id INTEGER PRIMARY KEY REFERENCES package ON DELETE CASCADE,
        targeted INTEGER NOT NULL DEFAULT 0,
        installed INTEGER NOT NULL DEFAULT 0,
        retrying INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        n_assigned INTEGER NOT NULL DEFAULT 0,
        ready INTEGER NOT NULL,
        ready_us INTEGER NOT NULL,
        source_error TEXT                               /* why the last snapshot failed; NULL since one succeeded */
) STRICT;

-- SMS_PackageStatusDetailSummarizer's.
CREATE TABLE detail_summary (
        pkg_id INTEGER NOT NULL REFERENCES package ON DELETE CASCADE,
        site_id INTEGER NOT NULL REFERENCES site,
        targeted INTEGER NOT NULL DEFAULT 0,
        installed INTEGER NOT NULL DEFAULT 0,
        retrying INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        n_assigned INTEGER NOT NULL DEFAULT 0,
        summary_us INTEGER NOT NULL,
        PRIMARY KEY (pkg_id, site_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX detail_site ON detail_summary (site_id);

-- A package on a DP.  One package's DPs are neighbours.
CREATE TABLE assignment (
        pkg_id INTEGER NOT NULL REFERENCES package,
        dp_id INTEGER NOT NULL REFERENCES dp,
        state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 8),
        held INTEGER NOT NULL DEFAULT 0,                /* version on the DP; 0: none */
        tries INTEGER NOT NULL DEFAULT 0,
        next_try_us INTEGER,
        copied_us INTEGER,                              /* last verified copy */
        summary_us INTEGER NOT NULL,
        since INTEGER NOT NULL DEFAULT 0,               /* reports of INSTALLED for orders up to this one are stale */
        received INTEGER NOT NULL DEFAULT 0,            /* bytes, of the last installation */
        reused INTEGER NOT NULL DEFAULT 0,
        reason_code TEXT,
        reason TEXT,
        PRIMARY KEY (pkg_id, dp_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX assignment_dp ON assignment (dp_id, pkg_id);
-- What is in trouble is little; so retry --failed reads little.
CREATE INDEX assignment_trouble ON assignment (state, pkg_id, dp_id) WHERE state IN (3, 6, 8);

-- The queue.  A finished job leaves it; numbers are never used again.
CREATE TABLE job (
        job_id INTEGER PRIMARY KEY AUTOINCREMENT,
        pkg_id INTEGER NOT NULL REFERENCES package,
        dp_id INTEGER REFERENCES dp,                    /* NULL: a snapshot */
        slot INTEGER NOT NULL,                          /* 0 content, 1 validation, 2 snapshot */
        action INTEGER NOT NULL,
        state INTEGER NOT NULL DEFAULT 0,
        version INTEGER NOT NULL,
        redistribute INTEGER NOT NULL DEFAULT 0,
        tries INTEGER NOT NULL DEFAULT 0,
        next_try_us INTEGER NOT NULL,
        dynamic_order INTEGER,
        done_bytes INTEGER NOT NULL DEFAULT 0,          /* the DP says it has; told now and then while bytes move */
        created_us INTEGER NOT NULL,
        started_us INTEGER,
        updated_us INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX job_pair ON job (pkg_id, dp_id, slot) WHERE dp_id IS NOT NULL;
CREATE UNIQUE INDEX job_snapshot ON job (pkg_id) WHERE dp_id IS NULL;
CREATE INDEX job_pkg ON job (pkg_id);
CREATE INDEX job_dp ON job (dp_id, job_id);
CREATE INDEX job_due ON job (next_try_us);

CREATE TABLE program (
        program_row INTEGER PRIMARY KEY,
        pkg_id INTEGER NOT NULL REFERENCES package ON DELETE CASCADE,
        name TEXT NOT NULL COLLATE NOCASE,
        command_line TEXT,
        working_directory TEXT,
        comment TEXT,
        description TEXT,
        requirements TEXT,
        hierarchy TEXT,
        msi_path TEXT,
        msi_product TEXT,
        dependent TEXT,
        disk_space TEXT,
        drive_letter TEXT,
        duration INTEGER,
        program_flags INTEGER NOT NULL,
        device_flags INTEGER,
        removal_key TEXT,
        icon_size INTEGER,
        extended_size INTEGER,
        isv_size INTEGER,
        isv_string TEXT,
        transform_us INTEGER,
        transform_readiness INTEGER,
        transform_dt TEXT,
        supported_os TEXT,
        icon TEXT,
        extended_data TEXT,
        isv_data TEXT,
        UNIQUE (pkg_id, name)
) STRICT;

CREATE TABLE collection (
        collection_row INTEGER PRIMARY KEY,
        collection_id TEXT NOT NULL UNIQUE COLLATE NOCASE,
        builtin INTEGER NOT NULL DEFAULT 0,
        n_members INTEGER NOT NULL DEFAULT 0,
        change_us INTEGER,
        member_change_us INTEGER,
        name TEXT NOT NULL COLLATE NOCASE,
        comment TEXT,
        type INTEGER NOT NULL,
        limit_id TEXT,
        limit_name TEXT,
        refresh_type INTEGER,
        isv_size INTEGER,
        isv_string TEXT,
        rules TEXT,
        refresh_schedule TEXT,
        isv_data TEXT
) STRICT;
CREATE TABLE collection_member (
        collection_row INTEGER NOT NULL REFERENCES collection ON DELETE CASCADE,
        name TEXT NOT NULL COLLATE NOCASE,
        PRIMARY KEY (collection_row, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE advert (
        advert_row INTEGER PRIMARY KEY,
        advert_id TEXT NOT NULL UNIQUE COLLATE NOCASE,
        pkg_id INTEGER NOT NULL REFERENCES package,
        collection_row INTEGER NOT NULL REFERENCES collection,
        site_id INTEGER NOT NULL REFERENCES site,
        program_name TEXT NOT NULL COLLATE NOCASE,
        name TEXT NOT NULL,
        comment TEXT,
        flags INTEGER,
        remote_flags INTEGER,
        device_flags INTEGER,
        present_us INTEGER,
        present_enabled INTEGER,
        present_gmt INTEGER,
        expires_us INTEGER,
        expires_enabled INTEGER,
        expires_gmt INTEGER,
        assigned_enabled INTEGER,
        assigned_gmt INTEGER,
        subcollections INTEGER,
        priority INTEGER,
        offer_type INTEGER,
        countdown INTEGER,
        hierarchy TEXT,
        isv_size INTEGER,
        isv_string TEXT,
        assigned_schedule TEXT,
        isv_data TEXT
) STRICT;
CREATE INDEX advert_package ON advert (pkg_id);
CREATE INDEX advert_collection ON advert (collection_row);

CREATE TABLE offer (
        advert_row INTEGER NOT NULL REFERENCES advert,
        site_id INTEGER NOT NULL REFERENCES site,
        offered_us INTEGER NOT NULL,
        PRIMARY KEY (advert_row, site_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX offer_site ON offer (site_id);

CREATE TABLE dp_group (
        group_row INTEGER PRIMARY KEY,
        group_id TEXT NOT NULL UNIQUE COLLATE NOCASE,
        site_id INTEGER NOT NULL REFERENCES site,
        created_by TEXT NOT NULL,
        created_us INTEGER NOT NULL,
        modified_by TEXT NOT NULL,
        modified_us INTEGER NOT NULL,
        n_members INTEGER NOT NULL DEFAULT 0,
        n_packages INTEGER NOT NULL DEFAULT 0,
        n_out_of_sync INTEGER NOT NULL DEFAULT 0,       /* packages that some member does not hold installed */
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        description TEXT
) STRICT;
CREATE TABLE group_member (
        group_row INTEGER NOT NULL REFERENCES dp_group,
        dp_id INTEGER NOT NULL REFERENCES dp,
        PRIMARY KEY (group_row, dp_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_member_dp ON group_member (dp_id);
CREATE TABLE group_package (
        group_row INTEGER NOT NULL REFERENCES dp_group,
        pkg_id INTEGER NOT NULL REFERENCES package,
        n_installed INTEGER NOT NULL DEFAULT 0,         /* members that hold it installed */
        PRIMARY KEY (group_row, pkg_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_package_pkg ON group_package (pkg_id);

CREATE TABLE status_message (
        record_id INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id INTEGER NOT NULL,
        severity INTEGER NOT NULL,
        component TEXT NOT NULL,
        site_code TEXT NOT NULL,
        machine TEXT NOT NULL,
        us INTEGER NOT NULL,
        attr_package TEXT,                              /* attribute 400 */
        attr_dp TEXT,                                   /* 404 */
        attr_version INTEGER,                           /* 410 */
        string1 TEXT,
        string2 TEXT,
        string3 TEXT
) STRICT;
CREATE INDEX status_message_package ON status_message (attr_package) WHERE attr_package IS NOT NULL;

CREATE TABLE audit (
        record_id INTEGER PRIMARY KEY AUTOINCREMENT,
        us INTEGER NOT NULL,
        who TEXT NOT NULL,
        peer TEXT NOT NULL,
        wire TEXT NOT NULL,
        verb TEXT NOT NULL,
        object TEXT NOT NULL
) STRICT;

-- before NULL: a creation; after NULL: a deletion.
CREATE TABLE change (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        us INTEGER NOT NULL,
        class TEXT NOT NULL,
        path TEXT NOT NULL,
        before TEXT,
        after TEXT,
        CHECK (before IS NOT NULL OR after IS NOT NULL)
) STRICT;
