"""Mailjet: its Send API in both versions, and the resources by which its clients follow mail and name senders.

Shapes and codes: https://dev.mailjet.com/email/guides/send-api-v31/ and the clients mailjet-rest, node-mailjet and
django-anymail, which work unmodified.
"""
