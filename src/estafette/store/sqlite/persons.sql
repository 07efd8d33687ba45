-- Every statement of the erasure of a person.

-- name: log
SELECT position, message, number, recipient, event FROM event INDEXED BY event_of_tenant
WHERE tenant = ? AND position > ? ORDER BY position LIMIT ?

-- name: events
SELECT position, recipient, event FROM event WHERE position IN (/*each*/?/*end*/)

-- name: rewrite
UPDATE event SET recipient = ?, event = ? WHERE position = ?

-- name: remember
INSERT OR REPLACE INTO latecomer (digest, tombstone, at) VALUES (?, ?, ?)

-- name: latecomers
SELECT digest, tombstone FROM latecomer

-- name: forget_latecomers
DELETE FROM latecomer WHERE at < ?

-- name: heads
SELECT id, file, head FROM content WHERE id IN (/*each*/?/*end*/)

-- name: kept_until
SELECT max(until), count(*) FROM ended WHERE message IN (/*each*/?/*end*/)

-- name: returned
SELECT id, file, head, body FROM returned ORDER BY id

-- name: quarantined
SELECT id, '', head, body FROM quarantine ORDER BY id

-- name: delete_quarantined
DELETE FROM quarantine WHERE id IN (/*each*/?/*end*/)

-- name: overwrite
INSERT INTO scrub (octets) VALUES (zeroblob(?))

-- name: overwritten
DELETE FROM scrub
