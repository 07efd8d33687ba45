"""Every form that webhooks are told in: ours, and those of the services that we stand in for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from estafette.model.webhook import AnyFormat
from estafette.web import inbound_call
from estafette.web.dialects.brevo import events as brevo
from estafette.web.dialects.mailjet import events as mailjet
from estafette.web.dialects.turbosmtp import events as turbosmtp
from estafette.webhooks import standard
from estafette.webhooks.form import Form

FORMS: Mapping[AnyFormat, Form] = MappingProxyType({
    "standard": standard.FORM, "mailjet": mailjet.FORM, "mailjet_single": mailjet.SINGLE, "brevo": brevo.FORM,
    "turbosmtp": turbosmtp.FORM, "mail": inbound_call.FORM,
})  # fmt: skip
