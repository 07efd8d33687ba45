"""A week of two tenants: every fate a letter can have, planted, and what must be known of it in the end.

``drawing`` draws a ``plan`` from a seed; ``truth`` computes from the plan alone which addresses are suppressed and what
statistics say. Both are written from the pages (docs/reference, docs/explanation and their decisions) and import nothing
of Estafette. ``returning`` writes what comes back.
"""
