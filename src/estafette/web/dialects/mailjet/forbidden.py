"""Header fields that a message's ``Headers`` may not name: each has a property of its own, or is the service's."""

from __future__ import annotations

FORBIDDEN = frozenset({
    "from", "sender", "subject", "to", "cc", "bcc", "reply-to", "return-path", "delivered-to", "dkim-signature",
    "domainkey-status", "received-spf", "authentication-results", "received", "date", "message-id", "user-agent",
    "x-mailer", "list-id", "x-csa-complaints", "x-feedback-id", "x-mailjet-prio", "x-mailjet-debug",
    "x-mailjet-campaign", "x-mailjet-deduplicatecampaign", "x-mailjet-segmentation", "x-mailjet-trackopen",
    "x-mailjet-trackclick", "x-mj-customid", "x-mj-eventpayload", "x-mj-vars", "x-mj-templateid",
    "x-mj-templatelanguage", "x-mj-templateerrordeliver", "x-mj-templateerrorreporting", "x-mj-workflowid",
    "x-mj-mid", "x-mj-errormessage", "x-mj-statisticscontactslistid", "x-mj-monitoringcategory",
})  # fmt: skip
