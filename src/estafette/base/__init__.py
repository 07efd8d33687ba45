"""Clock, ids, errors, logs and metrics: what every room stands on."""
