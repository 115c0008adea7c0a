-- SPDX-License-Identifier: Apache-2.0
-- What the content status classes count and tell: kept by triggers on the rows
-- they follow, so that a change costs the difference of one row, whoever makes it.

-- The latest status message of a package on a DP.  Comes and goes with the assignment.
CREATE TABLE pair_status (
        id INTEGER PRIMARY KEY,                         /* pkg_id * 2^20 + dp_id */
        record_id INTEGER,                              /* NULL: nothing was said yet */
        message_id INTEGER,
        severity INTEGER,
        us INTEGER NOT NULL,
        text TEXT
) STRICT;

-- How many DPs of a package are in a state.
CREATE TABLE package_category (
        pkg_id INTEGER NOT NULL,
        state INTEGER NOT NULL,
        assets INTEGER NOT NULL,
        last_us INTEGER NOT NULL,
        PRIMARY KEY (pkg_id, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE dp_summary (
        dp_id INTEGER PRIMARY KEY REFERENCES dp ON DELETE CASCADE,
        assigned INTEGER NOT NULL DEFAULT 0,
        installed INTEGER NOT NULL DEFAULT 0,
        retrying INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        last_us INTEGER
) STRICT;

-- Over the packages of a group and its members.
CREATE TABLE group_summary (
        group_row INTEGER PRIMARY KEY REFERENCES dp_group ON DELETE CASCADE,
        assigned INTEGER NOT NULL DEFAULT 0,
        installed INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0
) STRICT;

ALTER TABLE package ADD COLUMN created_us INTEGER;

INSERT INTO pair_status (id, us) SELECT pkg_id << 20 | dp_id, summary_us FROM assignment;
INSERT INTO package_category SELECT pkg_id, state, count(*), max(summary_us) FROM assignment GROUP BY pkg_id, state;
INSERT INTO dp_summary
SELECT d.dp_id, count(a.state), count(a.state = 0 OR NULL), count(a.state IN (2, 5) OR NULL),
       count(a.state IN (3, 6, 8) OR NULL), max(a.summary_us)
  FROM dp d LEFT JOIN assignment a ON a.dp_id = d.dp_id GROUP BY d.dp_id;
INSERT INTO group_summary
SELECT g.group_row, count(a.state), count(a.state = 0 OR NULL), count(a.state IN (3, 6, 8) OR NULL)
  FROM dp_group g LEFT JOIN group_member m ON m.group_row = g.group_row
       LEFT JOIN group_package p ON p.group_row = g.group_row
       LEFT JOIN assignment a ON a.pkg_id = p.pkg_id AND a.dp_id = m.dp_id
 GROUP BY g.group_row;
UPDATE package
   SET created_us = coalesce((SELECT min(published_us) FROM version v WHERE v.pkg_id = package.pkg_id), source_us);

-- The root row comes with the package, and its instant is the package's first.
CREATE TRIGGER package_created AFTER INSERT ON root_summary BEGIN
        UPDATE package SET created_us = NEW.ready_us WHERE pkg_id = NEW.pkg_id;
END;

CREATE TRIGGER dp_created AFTER INSERT ON dp BEGIN
        INSERT INTO dp_summary (dp_id) VALUES (NEW.dp_id);
END;

CREATE TRIGGER group_created AFTER INSERT ON dp_group BEGIN
        INSERT INTO group_summary (group_row) VALUES (NEW.group_row);
END;

CREATE TRIGGER assignment_comes AFTER INSERT ON assignment BEGIN
        INSERT INTO pair_status (id, us) VALUES (NEW.pkg_id << 20 | NEW.dp_id, NEW.summary_us);
        INSERT INTO package_category VALUES (NEW.pkg_id, NEW.state, 1, NEW.summary_us)
            ON CONFLICT (pkg_id, state) DO UPDATE SET assets = assets + 1, last_us = excluded.last_us;
        UPDATE dp_summary
           SET assigned = assigned + 1, installed = installed + (NEW.state = 0),
               retrying = retrying + (NEW.state IN (2, 5)), failed = failed + (NEW.state IN (3, 6, 8)),
               last_us = max(coalesce(last_us, 0), NEW.summary_us)
         WHERE dp_id = NEW.dp_id;
        UPDATE group_summary
           SET assigned = assigned + 1, installed = installed + (NEW.state = 0),
               failed = failed + (NEW.state IN (3, 6, 8))
         WHERE group_row IN (SELECT m.group_row FROM group_member m
                               JOIN group_package p ON p.group_row = m.group_row AND p.pkg_id = NEW.pkg_id
                              WHERE m.dp_id = NEW.dp_id);
END;

CREATE TRIGGER assignment_goes AFTER DELETE ON assignment BEGIN
        DELETE FROM pair_status WHERE id = OLD.pkg_id << 20 | OLD.dp_id;
        UPDATE package_category SET assets = assets - 1 WHERE pkg_id = OLD.pkg_id AND state = OLD.state;
        DELETE FROM package_category WHERE pkg_id = OLD.pkg_id AND state = OLD.state AND assets = 0;
        UPDATE dp_summary
           SET assigned = assigned - 1, installed = installed - (OLD.state = 0),
               retrying = retrying - (OLD.state IN (2, 5)), failed = failed - (OLD.state IN (3, 6, 8))
         WHERE dp_id = OLD.dp_id;
        UPDATE group_summary
           SET assigned = assigned - 1, installed = installed - (OLD.state = 0),
               failed = failed - (OLD.state IN (3, 6, 8))
         WHERE group_row IN (SELECT m.group_row FROM group_member m
                               JOIN group_package p ON p.group_row = m.group_row AND p.pkg_id = OLD.pkg_id
                              WHERE m.dp_id = OLD.dp_id);
END;

CREATE TRIGGER assignment_told AFTER UPDATE OF summary_us ON assignment BEGIN
        UPDATE dp_summary SET last_us = max(coalesce(last_us, 0), NEW.summary_us) WHERE dp_id = NEW.dp_id;
END;

CREATE TRIGGER assignment_moves AFTER UPDATE OF state ON assignment WHEN OLD.state <> NEW.state BEGIN
        UPDATE package_category SET assets = assets - 1 WHERE pkg_id = OLD.pkg_id AND state = OLD.state;
        DELETE FROM package_category WHERE pkg_id = OLD.pkg_id AND state = OLD.state AND assets = 0;
        INSERT INTO package_category VALUES (NEW.pkg_id, NEW.state, 1, NEW.summary_us)
            ON CONFLICT (pkg_id, state) DO UPDATE SET assets = assets + 1, last_us = excluded.last_us;
        UPDATE dp_summary
           SET installed = installed + (NEW.state = 0) - (OLD.state = 0),
               retrying = retrying + (NEW.state IN (2, 5)) - (OLD.state IN (2, 5)),
               failed = failed + (NEW.state IN (3, 6, 8)) - (OLD.state IN (3, 6, 8))
         WHERE dp_id = NEW.dp_id;
        UPDATE group_summary
           SET installed = installed + (NEW.state = 0) - (OLD.state = 0),
               failed = failed + (NEW.state IN (3, 6, 8)) - (OLD.state IN (3, 6, 8))
         WHERE group_row IN (SELECT m.group_row FROM group_member m
                               JOIN group_package p ON p.group_row = m.group_row AND p.pkg_id = NEW.pkg_id
                              WHERE m.dp_id = NEW.dp_id);
END;

-- Members and packages of groups bring and take what they have together.
CREATE TRIGGER group_member_comes AFTER INSERT ON group_member BEGIN
        UPDATE group_summary
           SET (assigned, installed, failed) =
               (SELECT group_summary.assigned + count(*), group_summary.installed + count(a.state = 0 OR NULL),
                       group_summary.failed + count(a.state IN (3, 6, 8) OR NULL)
                  FROM group_package p JOIN assignment a ON a.pkg_id = p.pkg_id AND a.dp_id = NEW.dp_id
                 WHERE p.group_row = NEW.group_row)
         WHERE group_row = NEW.group_row;
END;

CREATE TRIGGER group_member_goes AFTER DELETE ON group_member BEGIN
        UPDATE group_summary
           SET (assigned, installed, failed) =
               (SELECT group_summary.assigned - count(*), group_summary.installed - count(a.state = 0 OR NULL),
                       group_summary.failed - count(a.state IN (3, 6, 8) OR NULL)
                  FROM group_package p JOIN assignment a ON a.pkg_id = p.pkg_id AND a.dp_id = OLD.dp_id
                 WHERE p.group_row = OLD.group_row)
         WHERE group_row = OLD.group_row;
END;

CREATE TRIGGER group_package_comes AFTER INSERT ON group_package BEGIN
        UPDATE group_summary
           SET (assigned, installed, failed) =
               (SELECT group_summary.assigned + count(*), group_summary.installed + count(a.state = 0 OR NULL),
                       group_summary.failed + count(a.state IN (3, 6, 8) OR NULL)
                  FROM group_member m JOIN assignment a ON a.pkg_id = NEW.pkg_id AND a.dp_id = m.dp_id
                 WHERE m.group_row = NEW.group_row)
         WHERE group_row = NEW.group_row;
END;

CREATE TRIGGER group_package_goes AFTER DELETE ON group_package BEGIN
        UPDATE group_summary
           SET (assigned, installed, failed) =
               (SELECT group_summary.assigned - count(*), group_summary.installed - count(a.state = 0 OR NULL),
                       group_summary.failed - count(a.state IN (3, 6, 8) OR NULL)
                  FROM group_member m JOIN assignment a ON a.pkg_id = OLD.pkg_id AND a.dp_id = m.dp_id
                 WHERE m.group_row = OLD.group_row)
         WHERE group_row = OLD.group_row;
END;
