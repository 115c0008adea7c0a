-- SPDX-License-Identifier: Apache-2.0

-- name: offers_wrong   role: reader   hot
-- Offers that should not be, and advertisements that should be offered and are not: of packages ?1 to ?4
-- on sites ?2 to ?5, at ?3.  Second column 1: offer it; 0: withdraw it.
WITH wanted AS (
        SELECT a.advert_row, s.site_id
          FROM advert a JOIN package p ON p.pkg_id = a.pkg_id
               JOIN program g ON g.pkg_id = a.pkg_id AND g.name = a.program_name
               CROSS JOIN site s
               LEFT JOIN detail_summary t ON t.pkg_id = a.pkg_id AND t.site_id = s.site_id
         WHERE a.pkg_id BETWEEN ?1 AND ?4 AND s.site_id BETWEEN ?2 AND ?5
           AND p.action <> 3 AND (g.program_flags & 4096) = 0
           AND (coalesce(a.present_enabled, 0) = 0 OR coalesce(a.present_us, 0) <= ?3)
           AND (coalesce(a.expires_enabled, 0) = 0 OR a.expires_us IS NULL OR a.expires_us > ?3)
           AND (p.source_flag = 1 OR (t.targeted > 0 AND t.installed = t.targeted))
), offered AS (
        SELECT o.advert_row, o.site_id FROM advert a JOIN offer o ON o.advert_row = a.advert_row
         WHERE a.pkg_id BETWEEN ?1 AND ?4 AND o.site_id BETWEEN ?2 AND ?5
)
SELECT w.advert_row, 1, a.advert_id, w.site_id, s.code
  FROM (SELECT * FROM wanted EXCEPT SELECT * FROM offered) w JOIN advert a ON a.advert_row = w.advert_row
       JOIN site s ON s.site_id = w.site_id
UNION ALL
SELECT w.advert_row, 0, a.advert_id, w.site_id, s.code
  FROM (SELECT * FROM offered EXCEPT SELECT * FROM wanted) w JOIN advert a ON a.advert_row = w.advert_row
       JOIN site s ON s.site_id = w.site_id;

-- name: offer_insert   role: writer
-- Clients of the site may install it now.
INSERT INTO offer (advert_row, site_id, offered_us) VALUES (?1, ?2, ?3);

-- name: offer_delete   role: writer   hot
-- No more.
DELETE FROM offer WHERE advert_row = ?1 AND site_id = ?2;

-- name: offer_next   role: reader
-- When time alone may change what is offered.
SELECT min(us) FROM (
        SELECT present_us AS us FROM advert WHERE present_enabled AND present_us > ?1
        UNION ALL
        SELECT expires_us FROM advert WHERE expires_enabled AND expires_us > ?1);

-- name: advert_any   role: reader   hot
-- Does an advertisement refer to the package?
SELECT advert_id FROM advert WHERE pkg_id = ?1 LIMIT 1;

-- name: advert_any_program   role: reader   hot
-- Does an advertisement refer to the program?
SELECT advert_id FROM advert WHERE pkg_id = ?1 AND program_name = ?2 LIMIT 1;

-- name: advert_any_collection   role: reader   hot
-- Does an advertisement refer to the collection?
SELECT advert_id FROM advert WHERE collection_row = ?1 LIMIT 1;

-- name: offers_of_package   role: reader   hot
-- What is offered of a package.
SELECT o.advert_row, a.advert_id, o.site_id, s.code
  FROM advert a JOIN offer o ON o.advert_row = a.advert_row JOIN site s ON s.site_id = o.site_id
 WHERE a.pkg_id = ?1;

-- name: offers_of_advert   role: reader   hot
-- Where an advertisement is offered.
SELECT o.site_id, s.code FROM offer o JOIN site s ON s.site_id = o.site_id WHERE o.advert_row = ?1;

-- name: offers_of_site   role: reader   hot
-- What is offered on a site.
SELECT advert_row FROM offer WHERE site_id = ?1;
