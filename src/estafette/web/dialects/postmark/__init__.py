"""Postmark: sending one message or many, with texts or a template, and looking at what was sent.

Shapes and codes: https://postmarkapp.com/developer/api/overview and the clients postmarker and django-anymail, which
work unmodified.
"""
