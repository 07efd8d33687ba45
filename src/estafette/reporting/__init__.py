"""Numbers from the event log: counters, rates with their intervals, insight. A reader of events."""
