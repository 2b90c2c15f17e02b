-- SPDX-License-Identifier: Apache-2.0

-- The tables of the story: what is read (source_…), and what is written (target_…).
CREATE TABLE source_rows (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item text NOT NULL, price numeric);
CREATE TABLE target_rows (id bigint PRIMARY KEY, item text NOT NULL, price numeric);
CREATE TABLE target_events (
    source text, id text, type text, time timestamptz, data jsonb, PRIMARY KEY (source, id));
CREATE TABLE source_changes (id bigint PRIMARY KEY, n bigint NOT NULL);
CREATE TABLE target_changes (id bigint PRIMARY KEY, n bigint NOT NULL);
