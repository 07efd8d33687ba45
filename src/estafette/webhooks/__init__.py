"""Events as HTTP calls to the customer's own address, signed, retried, logged. A reader of events."""
