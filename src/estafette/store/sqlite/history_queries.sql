-- Every statement of the history.

-- name: insert_event
INSERT OR IGNORE INTO event (position, id, at, kind, tally, tenant, message, number, recipient, campaign, event)
VALUES /*each*/(?,?,?,?,?,?,?,?,?,?,?)/*end*/

-- name: stretch_end
SELECT position FROM event /*by*/ WHERE /*whose*/ position > ? ORDER BY position LIMIT 1 OFFSET ?

-- name: stretch
SELECT position, event FROM event /*by*/ WHERE /*whose*/ position > ? AND position <= ? /*where*/
ORDER BY position LIMIT ?

-- name: of_message
SELECT event FROM event WHERE message = ? ORDER BY at, position

-- name: of_recipients
SELECT position, message, number, at, event FROM event WHERE message IN (/*each*/?/*end*/)

-- name: messages
SELECT position, event FROM event INDEXED BY event_queued
WHERE tenant = ? AND kind = 'queued' AND number = 1 AND position < ? AND (? = '' OR campaign = ?)
ORDER BY position DESC LIMIT ?

-- name: incoming
SELECT position, event FROM event INDEXED BY event_inbound
WHERE tenant = ? AND kind = 'inbound' AND position < ? ORDER BY position DESC

-- name: reached
SELECT DISTINCT recipient FROM event INDEXED BY event_campaign
WHERE kind = 'queued' AND campaign <> '' AND tenant = ? AND campaign = ? AND recipient IN (/*each*/?/*end*/)

-- name: recent
SELECT event FROM event ORDER BY position DESC LIMIT ?

-- name: recent_of_tenant
SELECT event FROM event WHERE tenant = ? ORDER BY at DESC, position DESC LIMIT ?

-- From one tenant to the next by the index, so that a look that finds nothing to prune costs next to nothing.
-- name: first_positions
WITH RECURSIVE owner (tenant) AS (
    SELECT min(tenant) FROM event
    UNION ALL SELECT (SELECT min(tenant) FROM event WHERE event.tenant > owner.tenant)
    FROM owner WHERE owner.tenant IS NOT NULL
)
SELECT position FROM owner CROSS JOIN event INDEXED BY event_tenant ON event.tenant = owner.tenant
WHERE at < ? AND position <= ? LIMIT ?

-- name: remember_pruned
INSERT INTO pruned (kind, count)
SELECT tally, count(*) FROM event WHERE position IN (/*each*/?/*end*/) GROUP BY tally
ON CONFLICT (kind) DO UPDATE SET count = count + excluded.count

-- name: prune
DELETE FROM event WHERE position IN (/*each*/?/*end*/)

-- name: counts
SELECT tally, sum(count) FROM (
SELECT kind AS tally, count FROM pruned
UNION ALL SELECT tally, count(*) FROM event GROUP BY tally
) GROUP BY tally
