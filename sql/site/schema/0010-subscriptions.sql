-- SPDX-License-Identifier: Apache-2.0
-- Permanent subscriptions: filters, consumers, who gets what and how far it has come; and what was not delivered.

CREATE TABLE event_filter (
        name TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
        query TEXT NOT NULL,
        language TEXT NOT NULL,
        namespace TEXT,
        access TEXT
) STRICT;

-- All classes of consumers: what they have in common is a name, the rest are properties by name.
CREATE TABLE event_consumer (
        class TEXT NOT NULL,
        name TEXT NOT NULL COLLATE NOCASE,
        secret TEXT,                    -- never shown
        PRIMARY KEY (class, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE event_consumer_property (
        class TEXT NOT NULL,
        name TEXT NOT NULL COLLATE NOCASE,
        property TEXT NOT NULL,
        value ANY,                      -- an array is JSON
        PRIMARY KEY (class, name, property),
        FOREIGN KEY (class, name) REFERENCES event_consumer ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- No foreign keys: as in WMI a binding outlives its filter or consumer, and waits.
CREATE TABLE event_binding (
        binding_id INTEGER PRIMARY KEY AUTOINCREMENT,
        consumer_class TEXT NOT NULL,
        consumer_name TEXT NOT NULL COLLATE NOCASE,
        filter_name TEXT NOT NULL COLLATE NOCASE,
        deliver_synchronously INTEGER,
        qos INTEGER,
        maintain_context INTEGER,
        slow_down INTEGER,
        cursor INTEGER,                 -- delivered up to this sequence of the change log; NULL: begin with what comes next
        state INTEGER NOT NULL DEFAULT 1,       -- TM_Subscription.State, 1 delivering or 2 failed last
        since_us INTEGER NOT NULL,
        last_error TEXT,
        UNIQUE (consumer_class, consumer_name, filter_name)
) STRICT;
CREATE INDEX event_binding_filter ON event_binding (filter_name);

CREATE TABLE event_failure (
        failure_id INTEGER PRIMARY KEY AUTOINCREMENT,
        us INTEGER NOT NULL,
        filter TEXT NOT NULL,
        consumer TEXT NOT NULL,
        dropped INTEGER NOT NULL,
        code INTEGER NOT NULL,
        description TEXT NOT NULL,
        tries INTEGER NOT NULL,
        event TEXT
) STRICT;

-- CreatorSID is S-1-5-32-544 (Administrators), as documented for what a member of Administrators creates.
CREATE VIEW __EventFilter AS
SELECT name AS Name, query AS Query, language AS QueryLanguage, namespace AS EventNamespace, access AS EventAccess,
       '[1,2,0,0,0,0,0,5,32,0,0,0,32,2,0,0]' AS CreatorSID
  FROM event_filter;

CREATE VIEW CommandLineEventConsumer AS
SELECT name AS Name, '[1,2,0,0,0,0,0,5,32,0,0,0,32,2,0,0]' AS CreatorSID,
       max(value) FILTER (WHERE property = 'MachineName') AS MachineName,
       max(value) FILTER (WHERE property = 'MaximumQueueSize') AS MaximumQueueSize,
       max(value) FILTER (WHERE property = 'CommandLineTemplate') AS CommandLineTemplate,
       max(value) FILTER (WHERE property = 'CreateNewConsole') AS CreateNewConsole,
       max(value) FILTER (WHERE property = 'CreateNewProcessGroup') AS CreateNewProcessGroup,
       max(value) FILTER (WHERE property = 'CreateSeparateWowVdm') AS CreateSeparateWowVdm,
       max(value) FILTER (WHERE property = 'CreateSharedWowVdm') AS CreateSharedWowVdm,
       max(value) FILTER (WHERE property = 'DesktopName') AS DesktopName,
       max(value) FILTER (WHERE property = 'ExecutablePath') AS ExecutablePath,
       max(value) FILTER (WHERE property = 'FillAttribute') AS FillAttribute,
       max(value) FILTER (WHERE property = 'FillAttributes') AS FillAttributes,
       max(value) FILTER (WHERE property = 'ForceOffFeedback') AS ForceOffFeedback,
       max(value) FILTER (WHERE property = 'ForceOnFeedback') AS ForceOnFeedback,
       max(value) FILTER (WHERE property = 'KillTimeout') AS KillTimeout,
       max(value) FILTER (WHERE property = 'Priority') AS Priority,
       max(value) FILTER (WHERE property = 'RunInteractively') AS RunInteractively,
       max(value) FILTER (WHERE property = 'ShowWindowCommand') AS ShowWindowCommand,
       max(value) FILTER (WHERE property = 'UseDefaultErrorMode') AS UseDefaultErrorMode,
       max(value) FILTER (WHERE property = 'WindowTitle') AS WindowTitle,
       max(value) FILTER (WHERE property = 'WorkingDirectory') AS WorkingDirectory,
       max(value) FILTER (WHERE property = 'XCoordinate') AS XCoordinate,
       max(value) FILTER (WHERE property = 'XNumCharacters') AS XNumCharacters,
       max(value) FILTER (WHERE property = 'XSize') AS XSize,
       max(value) FILTER (WHERE property = 'YCoordinate') AS YCoordinate,
       max(value) FILTER (WHERE property = 'YNumCharacters') AS YNumCharacters,
       max(value) FILTER (WHERE property = 'YSize') AS YSize
  FROM event_consumer_property WHERE class = 'CommandLineEventConsumer' GROUP BY name;

CREATE VIEW LogFileEventConsumer AS
SELECT name AS Name, '[1,2,0,0,0,0,0,5,32,0,0,0,32,2,0,0]' AS CreatorSID,
       max(value) FILTER (WHERE property = 'MachineName') AS MachineName,
       max(value) FILTER (WHERE property = 'MaximumQueueSize') AS MaximumQueueSize,
       max(value) FILTER (WHERE property = 'Filename') AS Filename,
       max(value) FILTER (WHERE property = 'IsUnicode') AS IsUnicode,
       max(value) FILTER (WHERE property = 'MaximumFileSize') AS MaximumFileSize,
       max(value) FILTER (WHERE property = 'Text') AS Text
  FROM event_consumer_property WHERE class = 'LogFileEventConsumer' GROUP BY name;

CREATE VIEW SMTPEventConsumer AS
SELECT name AS Name, '[1,2,0,0,0,0,0,5,32,0,0,0,32,2,0,0]' AS CreatorSID,
       max(value) FILTER (WHERE property = 'MachineName') AS MachineName,
       max(value) FILTER (WHERE property = 'MaximumQueueSize') AS MaximumQueueSize,
       max(value) FILTER (WHERE property = 'BccLine') AS BccLine,
       max(value) FILTER (WHERE property = 'CcLine') AS CcLine,
       max(value) FILTER (WHERE property = 'FromLine') AS FromLine,
       max(value) FILTER (WHERE property = 'HeaderFields') AS HeaderFields,
       max(value) FILTER (WHERE property = 'Message') AS Message,
       max(value) FILTER (WHERE property = 'ReplyToLine') AS ReplyToLine,
       max(value) FILTER (WHERE property = 'SMTPServer') AS SMTPServer,
       max(value) FILTER (WHERE property = 'Subject') AS Subject,
       max(value) FILTER (WHERE property = 'ToLine') AS ToLine
  FROM event_consumer_property WHERE class = 'SMTPEventConsumer' GROUP BY name;

CREATE VIEW TM_WebhookEventConsumer AS
SELECT name AS Name, '[1,2,0,0,0,0,0,5,32,0,0,0,32,2,0,0]' AS CreatorSID, NULL AS Secret,
       (SELECT secret IS NOT NULL FROM event_consumer c
         WHERE c.class = 'TM_WebhookEventConsumer' AND c.name = event_consumer_property.name) AS HasSecret,
       max(value) FILTER (WHERE property = 'MachineName') AS MachineName,
       max(value) FILTER (WHERE property = 'MaximumQueueSize') AS MaximumQueueSize,
       max(value) FILTER (WHERE property = 'Url') AS Url,
       max(value) FILTER (WHERE property = 'HeaderFields') AS HeaderFields,
       max(value) FILTER (WHERE property = 'Timeout') AS Timeout
  FROM event_consumer_property WHERE class = 'TM_WebhookEventConsumer' GROUP BY name;

-- References are object paths.  Columns behind them are for touches, which find rows by them.
CREATE VIEW __FilterToConsumerBinding AS
SELECT consumer_class || '.Name="' || replace(replace(consumer_name, '\', '\\'), '"', '\"') || '"' AS Consumer,
       '__EventFilter.Name="' || replace(replace(filter_name, '\', '\\'), '"', '\"') || '"' AS Filter,
       '[1,2,0,0,0,0,0,5,32,0,0,0,32,2,0,0]' AS CreatorSID,
       deliver_synchronously AS DeliverSynchronously, qos AS DeliveryQoS, maintain_context AS MaintainSecurityContext,
       slow_down AS SlowDownProviders
  FROM event_binding;

CREATE VIEW TM_EventFailure AS
SELECT failure_id AS FailureID, us AS Time, filter AS Filter, consumer AS Consumer, dropped AS Dropped,
       code AS ErrorCode, description AS ErrorDescription, tries AS Tries, event AS Event
  FROM event_failure;

CREATE VIEW TM_Subscription AS
SELECT b.binding_id AS SubscriptionID, b.filter_name AS Filter, b.consumer_class AS ConsumerClass, b.consumer_name AS ConsumerName,
       b.consumer_class || '.Name="' || replace(replace(b.consumer_name, '\', '\\'), '"', '\"') || '"' AS Consumer,
       f.query AS Query, iif(f.name IS NULL OR c.name IS NULL, 0, b.state) AS State, b.since_us AS Since,
       b.last_error AS LastError
  FROM event_binding b LEFT JOIN event_filter f ON f.name = b.filter_name
       LEFT JOIN event_consumer c ON c.class = b.consumer_class AND c.name = b.consumer_name;

INSERT INTO status_kind VALUES
        (10850, 0xC0000000, 'SMS_EVENT_CONSUMER', 'A permanent subscription did not deliver an event: %3',
         'The consumer refused the event, or all tries are used up.',
         'Remove the cause that is named; later events are delivered. The event is in TM_EventFailure.'),
        (10851, 0xC0000000, 'SMS_EVENT_CONSUMER', 'A permanent subscription lost events: %3',
         'It was behind for longer than the change log is kept.',
         'Remove what held it up, and raise change_log_keep if this comes again.');
