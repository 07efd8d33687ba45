"""turboSMTP: sending by its API v2, and its analytics.

Shapes and texts: the OpenAPI description and the guides that the service publishes,
https://github.com/turboSMTP/developers-hub (api-docs/Domains/Mail.yaml, Meta.yaml).
"""
