-- SPDX-License-Identifier: Apache-2.0
-- What the planner is to expect, before there is anything to count: many
-- assignments a package and a DP, few sites.  Without it, it takes all tables
-- for equally large, reads and sorts every assignment for one page of a list,
-- and a list of all of them costs the square.  With it, lists come out of the
-- indexes in the order of their keys.
ANALYZE sqlite_schema;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
        ('assignment', 'assignment', '2000000 200 1'),
        ('assignment', 'assignment_dp', '2000000 4000 1'),
        ('package', 'sqlite_autoindex_package_1', '10000 1'),
        ('dp', 'sqlite_autoindex_dp_1', '500 1'),
        ('dp', 'sqlite_autoindex_dp_2', '500 1'),
        ('site', 'sqlite_autoindex_site_1', '50 1');
ANALYZE sqlite_schema;
