-- SPDX-License-Identifier: Apache-2.0
-- A row of the change log may be a fact: what instances are made of, before and
-- after (src/model/fact.h); class and path are empty then.  It takes as many
-- sequence numbers as it may bring changes, and has the last one.
ALTER TABLE change ADD COLUMN fact BLOB;
