-- Every statement of the spool. "/*each*/ .. /*end*/" is repeated, comma-joined, once for each row of a batch.

-- name: insert_content
INSERT INTO content (id, retention, file, crc, head, body) VALUES /*each*/(?,?,?,?,?,?)/*end*/

-- name: insert_delivery
INSERT INTO delivery
(message, number, lane, egress, priority, tenant, due, domain, address, from_domain, campaign, size, crc, data)
VALUES /*each*/(?,?,?,?,?,?,?,?,?,?,?,?,?,?)/*end*/

-- name: insert_outbox
INSERT INTO outbox (size, events) VALUES (?, ?)

-- name: known_contents
SELECT id FROM content WHERE id IN (/*each*/?/*end*/)

-- name: sites_of
SELECT domain, site FROM site WHERE until > ? AND domain IN (/*each*/?/*end*/)

-- name: site_of
SELECT site FROM site WHERE domain = ?

-- name: insert_site
INSERT INTO site (domain, site, until) VALUES (?, ?, ?)
ON CONFLICT (domain) DO UPDATE SET site = excluded.site, until = excluded.until

-- name: delete_sites
DELETE FROM site WHERE until <= ?

-- name: delete_deliveries
DELETE FROM delivery WHERE (message, number) IN (VALUES /*each*/(?,?)/*end*/) RETURNING message, number

-- name: lanes_of
SELECT message, number, lane FROM delivery WHERE (message, number) IN (VALUES /*each*/(?,?)/*end*/)

-- name: defer
UPDATE delivery SET due = ?, attempts = attempts + ?, last = ?, notified = max(notified, ?)
WHERE message = ? AND number = ?

-- name: ended_messages
SELECT id, retention, file, EXISTS (SELECT 1 FROM notice WHERE notice.message = content.id), head
FROM content
WHERE id IN (/*each*/?/*end*/) AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.message = content.id)

-- name: delete_contents
DELETE FROM content WHERE id IN (/*each*/?/*end*/)

-- name: insert_ended
INSERT OR IGNORE INTO ended (message, until) VALUES /*each*/(?,?)/*end*/

-- name: delete_ended
DELETE FROM ended WHERE message IN (/*each*/?/*end*/)

-- name: ended_due
SELECT ended.message, content.file FROM ended LEFT JOIN content ON content.id = ended.message
WHERE until <= ? AND NOT EXISTS (SELECT 1 FROM notice WHERE notice.message = ended.message)
AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.message = ended.message)
ORDER BY until LIMIT ?

-- name: insert_notice
INSERT INTO notice (message, number, due, item)
VALUES (?1, ?2, max(?3, coalesce((SELECT at + 3600 FROM told WHERE told.message = ?1), 0)), ?4)
ON CONFLICT (message, number) DO UPDATE SET item = excluded.item

-- name: delete_notices
DELETE FROM notice WHERE (message, number) IN (VALUES /*each*/(?,?)/*end*/)

-- name: insert_told
INSERT INTO told (message, at) VALUES /*each*/(?,?)/*end*/ ON CONFLICT (message) DO UPDATE SET at = excluded.at

-- name: postpone_notices
UPDATE notice SET due = max(due, ? + 3600) WHERE message IN (/*each*/?/*end*/)

-- name: delete_told
DELETE FROM told WHERE at <= ? - 3600

-- name: notices
SELECT message, number, due, item FROM notice
WHERE message IN (SELECT message FROM notice WHERE due <= ?1 ORDER BY due, message LIMIT ?2) AND due <= ?1
ORDER BY message, number

-- name: tally
UPDATE tally SET accepted = accepted + ?, refused = refused + ?, delivered = delivered + ?, sent = sent + ?,
bounced = bounced + ?, failed = failed + ?, cancelled = cancelled + ?, rejected = rejected + ?,
duplicates = duplicates + ?

-- name: read_tally
SELECT accepted, refused, delivered, sent, bounced, failed, cancelled, rejected, duplicates FROM tally

-- name: count_rows
SELECT count(*) FROM delivery

-- name: set_meta
INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- name: get_meta
SELECT value FROM meta WHERE key = ?

-- name: largest_id
SELECT max(coalesce((SELECT max(id) FROM content), 0), coalesce((SELECT max(message) FROM delivery), 0),
coalesce((SELECT max(message) FROM ended), 0), coalesce((SELECT max(id) FROM returned), 0),
coalesce((SELECT max(id) FROM rule), 0), coalesce((SELECT max(id) FROM pace), 0))

-- name: take
SELECT message, number, lane, due, attempts, notified, last, crc, data FROM delivery INDEXED BY delivery_feed
WHERE lane = ? AND egress = ? AND priority = ? AND tenant = ? AND due <= ? AND (due, message, number) > (?, ?, ?)
/*except*/ ORDER BY due, message, number LIMIT ?

-- name: take_stretch
SELECT due, message, number FROM delivery INDEXED BY delivery_feed
WHERE lane = ? AND egress = ? AND priority = ? AND tenant = ? AND due <= ? AND (due, message, number) > (?, ?, ?)
ORDER BY due, message, number LIMIT 1 OFFSET ?

-- From one feed to the next by the index, so that a feed costs the same however many rows it has. The plus signs
-- take the affinity off: between two columns the index would serve for the lane alone. 9e999 is infinite: a vector is
-- sought from its equal on, so that without it every row of the feed left behind would be passed.
-- name: feeds
WITH RECURSIVE feed (lane, egress, priority, tenant, due, place) AS (
    SELECT * FROM (
        SELECT lane, egress, priority, tenant, due, 1 FROM delivery INDEXED BY delivery_feed
        WHERE (lane, egress, priority, tenant, due) > (?1, ?2, ?3, ?4, 9e999)
        ORDER BY lane, egress, priority, tenant, due LIMIT 1
    )
    UNION ALL
    SELECT first.lane, first.egress, first.priority, first.tenant, first.due, feed.place + 1
    FROM feed JOIN delivery AS first ON (first.message, first.number) = (
        SELECT message, number FROM delivery AS next INDEXED BY delivery_feed
        WHERE (next.lane, next.egress, next.priority, next.tenant, next.due)
            > (+feed.lane, +feed.egress, +feed.priority, +feed.tenant, 9e999)
        ORDER BY next.lane, next.egress, next.priority, next.tenant, next.due, next.message, next.number LIMIT 1
    ) WHERE feed.place < ?5
)
SELECT lane, egress, priority, tenant, due, (
    SELECT count(*) FROM (
        SELECT 1 FROM delivery INDEXED BY delivery_feed WHERE delivery.lane = feed.lane
        AND delivery.egress = feed.egress AND delivery.priority = feed.priority AND delivery.tenant = feed.tenant
        LIMIT ?6
    )
) FROM feed

-- name: lanes
SELECT DISTINCT lane FROM delivery INDEXED BY delivery_feed

-- name: contents
SELECT id, crc, head, body FROM content WHERE id IN (/*each*/?/*end*/)

-- name: find
SELECT message, number, lane, due, attempts, notified, last, crc, data FROM delivery
WHERE (message, number) > (?, ?) /*where*/ ORDER BY message, number LIMIT ?

-- name: requeue
UPDATE delivery SET due = ? WHERE (message, number) IN
(SELECT message, number FROM delivery WHERE (message, number) > (?, ?) AND (message, number) <= (?, ?) /*where*/)

-- name: untried
SELECT message, number, lane, due, attempts, notified, last, crc, data FROM delivery
WHERE message = ? AND tenant = ? AND attempts = 0

-- name: reschedule
UPDATE delivery SET due = ?, crc = ?, data = ? WHERE message = ? AND number = ?

-- name: rows_and_heads
SELECT delivery.message, delivery.number, delivery.crc, delivery.data, content.head
FROM delivery JOIN content ON content.id = delivery.message
WHERE (delivery.message, delivery.number) > (?, ?) ORDER BY delivery.message, delivery.number LIMIT ?

-- name: rewrite_delivery
UPDATE delivery SET crc = ?, data = ? WHERE message = ? AND number = ?

-- name: page_end
SELECT message, number FROM delivery WHERE (message, number) > (?, ?) ORDER BY message, number LIMIT 1 OFFSET ?

-- name: move_lane
UPDATE delivery SET lane = ?1 WHERE (message, number) IN
(SELECT message, number FROM delivery WHERE lane = ?2 AND domain = ?3 LIMIT ?4)
RETURNING message, number, lane, due, attempts, notified, last, crc, data

-- name: rules
SELECT rule FROM (SELECT id, rule FROM rule UNION ALL SELECT id, rule FROM pace) ORDER BY id

-- name: insert_rule
INSERT OR REPLACE INTO rule (id, kind, rule) VALUES (?, ?, ?)

-- name: insert_pace
INSERT OR REPLACE INTO pace (id, kind, rule) VALUES (?, ?, ?)

-- name: delete_rule
DELETE FROM rule WHERE id = ?

-- name: delete_pace
DELETE FROM pace WHERE id = ?

-- name: outbox
SELECT position, events FROM outbox WHERE position >= ? ORDER BY position LIMIT ?

-- name: outbox_done
DELETE FROM outbox WHERE position < ?1 OR (position = ?1 AND size <= ?2)

-- name: begin_outbox
INSERT INTO sqlite_sequence (name, seq)
SELECT 'outbox', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'outbox')

-- name: advance_outbox
UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'outbox'

-- name: insert_returned
INSERT OR IGNORE INTO returned (id, until, file, crc, head, body) VALUES (?,?,?,?,?,?)

-- name: unread
SELECT id, crc, head, body FROM returned WHERE read = 0 AND id > ? ORDER BY id LIMIT ?

-- name: returned
SELECT id, crc, head, body FROM returned WHERE id IN (/*each*/?/*end*/)

-- name: returned_heads
SELECT id, head FROM returned WHERE id IN (/*each*/?/*end*/)

-- name: mark_read
UPDATE returned SET read = 1, until = ? WHERE id = ? AND read = 0

-- Only while the message is there: whoever tells the sender reads from it to whom.
-- name: insert_late_notice
INSERT INTO notice (message, number, due, item)
SELECT ?1, ?2, max(?3, coalesce((SELECT at + 3600 FROM told WHERE told.message = ?1), 0)), ?4
WHERE EXISTS (SELECT 1 FROM content WHERE content.id = ?1 UNION ALL SELECT 1 FROM late WHERE late.message = ?1)
ON CONFLICT (message, number) DO UPDATE SET item = excluded.item

-- name: insert_late
INSERT OR REPLACE INTO late (message, until, head) VALUES /*each*/(?,?,?)/*end*/

-- name: late_heads
WITH asked (message) AS (VALUES /*each*/(?)/*end*/)
SELECT late.message, late.head FROM asked JOIN late ON late.message = asked.message
UNION ALL SELECT content.id, content.head FROM asked JOIN content ON content.id = asked.message

-- name: late_due
DELETE FROM late WHERE until <= ? AND NOT EXISTS (SELECT 1 FROM notice WHERE notice.message = late.message)

-- name: delete_late
DELETE FROM late WHERE message IN (/*each*/?/*end*/)

-- name: has_read_mark
SELECT 1 FROM pragma_table_info('returned') WHERE name = 'read'

-- name: add_read_mark
ALTER TABLE returned ADD COLUMN read INTEGER NOT NULL DEFAULT 0

-- name: index_unread
CREATE INDEX IF NOT EXISTS returned_unread ON returned (id) WHERE read = 0

-- name: returned_due
SELECT id, file FROM returned WHERE until <= ? LIMIT ?

-- name: delete_returned
DELETE FROM returned WHERE id IN (/*each*/?/*end*/)

-- name: quarantined
SELECT message, at, reason FROM quarantine ORDER BY id

-- name: quarantine_content
INSERT INTO quarantine (message, number, at, reason, head, body, crc)
SELECT id, 0, ?, ?, head, body, crc FROM content WHERE id = ?

-- name: quarantine_delivery
INSERT INTO quarantine (message, number, at, reason, head, body, crc)
SELECT message, number, ?, ?, data, x'', crc FROM delivery WHERE message = ? AND number = ?

-- name: content_row
SELECT id, crc, head, body FROM content WHERE id = ?

-- name: rows_of_message
SELECT number, tenant, address, campaign FROM delivery WHERE message = ?

-- name: row_of_delivery
SELECT tenant, address, campaign, crc, data FROM delivery WHERE message = ? AND number = ?

-- name: files_of_contents
SELECT file FROM content WHERE file <> '' AND file IN (/*each*/?/*end*/)

-- name: files_of_returned
SELECT file FROM returned WHERE file <> '' AND file IN (/*each*/?/*end*/)

-- A message's octets count once, by its first recipient.
-- name: waiting
SELECT tenant, count(*), sum(CASE number WHEN 1 THEN size ELSE 0 END) FROM delivery GROUP BY tenant
