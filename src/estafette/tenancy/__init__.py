"""Who may do what: credentials, domains, streams, quotas."""
