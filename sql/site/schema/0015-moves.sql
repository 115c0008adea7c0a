-- SPDX-License-Identifier: Apache-2.0
-- A pair that moves: one statement for its DP, and none for groups where there
-- are none.  As 0004 has it, in fewer steps.

DROP TRIGGER assignment_told;
DROP TRIGGER assignment_moves;

CREATE TRIGGER assignment_told AFTER UPDATE OF summary_us ON assignment WHEN OLD.state = NEW.state BEGIN
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
               failed = failed + (NEW.state IN (3, 6, 8)) - (OLD.state IN (3, 6, 8)),
               last_us = max(coalesce(last_us, 0), NEW.summary_us)
         WHERE dp_id = NEW.dp_id;
END;

CREATE TRIGGER assignment_moves_in_groups AFTER UPDATE OF state ON assignment
WHEN OLD.state <> NEW.state AND EXISTS (SELECT 1 FROM group_member m WHERE m.dp_id = NEW.dp_id) BEGIN
        UPDATE group_summary
           SET installed = installed + (NEW.state = 0) - (OLD.state = 0),
               failed = failed + (NEW.state IN (3, 6, 8)) - (OLD.state IN (3, 6, 8))
         WHERE group_row IN (SELECT m.group_row FROM group_member m
                               JOIN group_package p ON p.group_row = m.group_row AND p.pkg_id = NEW.pkg_id
                              WHERE m.dp_id = NEW.dp_id);
END;
