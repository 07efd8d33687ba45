-- Every statement of raw hits.

-- A link that somebody asks for again and again tells nothing new: of a recipient's copy so many hits are kept.
-- name: insert
INSERT OR IGNORE INTO hit (id, at, message, number, hit)
SELECT ?1, ?2, ?3, ?4, ?5
WHERE NOT EXISTS (SELECT 1 FROM hit WHERE message = ?3 AND number = ?4 LIMIT 1 OFFSET ?6)

-- name: open
SELECT hit FROM hit WHERE final = 0 AND at < ?1 AND message IN (
SELECT message FROM hit WHERE final = 0 AND at < ?1 ORDER BY at LIMIT ?2
) ORDER BY at, id

-- name: between
SELECT hit FROM hit WHERE at >= ? AND at < ? ORDER BY at, id LIMIT ?

-- name: of_messages
SELECT hit FROM hit WHERE message IN (/*each*/?/*end*/) ORDER BY at, id

-- name: close_up
UPDATE hit SET final = 1 WHERE id IN (/*each*/?/*end*/)

-- name: forget
DELETE FROM hit WHERE (message, number) IN (VALUES /*each*/(?,?)/*end*/)

-- name: prune
DELETE FROM hit WHERE id IN (SELECT id FROM hit WHERE at < ? ORDER BY at, id LIMIT ?)
