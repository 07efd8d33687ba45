"""Brevo: its API v3 as far as it sends, follows and calls back mail, and keeps templates, senders and domains.

Shapes and codes: https://developers.brevo.com/reference and the clients brevo-python, @getbrevo/brevo and
django-anymail, which work unmodified.
"""
