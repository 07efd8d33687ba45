-- Every statement of the counters. A series is one dimension of one tenant; all texts are names with a number.

-- name: insert_names
INSERT OR IGNORE INTO statistics_name (name) VALUES /*each*/(?)/*end*/

-- name: names
SELECT name, id FROM statistics_name WHERE name IN (/*each*/?/*end*/)

-- name: add_hours
INSERT INTO statistics_hour (series, start, value, measure, amount) VALUES /*each*/(?,?,?,?,?)/*end*/
ON CONFLICT DO UPDATE SET amount = amount + excluded.amount

-- name: add_days
INSERT INTO statistics_day (series, start, value, measure, amount) VALUES /*each*/(?,?,?,?,?)/*end*/
ON CONFLICT DO UPDATE SET amount = amount + excluded.amount

-- Grouping by one number takes half the time of grouping by two.
-- name: by_value
SELECT 0, v.name, m.name, amount FROM (
SELECT value << 32 | measure AS both, sum(amount) AS amount FROM (/*span*/) WHERE 1 /*where*/ GROUP BY both
) JOIN statistics_name v ON v.id = both >> 32 JOIN statistics_name m ON m.id = both & 0xffffffff

-- name: together
SELECT 0, '', m.name, amount FROM (
SELECT measure, sum(amount) AS amount FROM (/*span*/) WHERE 1 /*where*/ GROUP BY measure
) JOIN statistics_name m ON m.id = measure

-- name: by_hour_and_value
SELECT start * 3600, v.name, m.name, amount FROM (
SELECT start, value, measure, sum(amount) AS amount FROM (/*span*/) WHERE 1 /*where*/ GROUP BY start, value, measure
) JOIN statistics_name v ON v.id = value JOIN statistics_name m ON m.id = measure ORDER BY start

-- name: by_hour
SELECT start * 3600, '', m.name, amount FROM (
SELECT start, measure, sum(amount) AS amount FROM (/*span*/) WHERE 1 /*where*/ GROUP BY start, measure
) JOIN statistics_name m ON m.id = measure ORDER BY start

-- name: hours
SELECT start, value, measure, amount FROM statistics_hour WHERE series = ? AND start >= ? AND start < ?

-- name: days
SELECT start, value, measure, amount FROM statistics_day WHERE series = ? AND start >= ? AND start < ?

-- name: of_values
AND value IN (SELECT id FROM statistics_name WHERE name IN (/*each*/?/*end*/))

-- name: of_measures
AND measure IN (SELECT id FROM statistics_name WHERE name IN (/*each*/?/*end*/))

-- name: of_first_half
AND value IN (SELECT id FROM statistics_name WHERE name > ? AND name < ?)

-- name: values_of_day
SELECT name FROM statistics_name WHERE id IN (SELECT value FROM statistics_day WHERE series = ? AND start = ?)

-- name: begun
SELECT name, first * 3600 FROM (
SELECT value, min(start) AS first FROM statistics_hour WHERE series = ? GROUP BY value
) JOIN statistics_name ON id = value

-- name: everything
SELECT s.name, start * 3600, v.name, m.name, amount FROM statistics_hour
JOIN statistics_name s ON s.id = series JOIN statistics_name v ON v.id = value JOIN statistics_name m ON m.id = measure
WHERE start >= ?

-- name: count_events
SELECT count(*) FROM (SELECT 1 FROM event INDEXED BY event_tenant WHERE tenant = ? AND at >= ? AND at < ? LIMIT ?)

-- name: events
SELECT event FROM event INDEXED BY event_tenant WHERE tenant = ? AND at >= ? AND at < ?
