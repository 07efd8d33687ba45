"""A backend of django-anymail for Estafette: ``EMAIL_BACKEND = "anymail_estafette.backend.EmailBackend"``."""
