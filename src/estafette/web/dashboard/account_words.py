"""The words of the account page, in English and French, and how each writes a number."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from estafette.web.languages import preferred

ENGLISH: Mapping[str, str] = {
    "accounts": "Your accounts", "role": "Your role:", "none": "You belong to no account. Ask for an invitation.",
    "role_owner": "owner", "role_admin": "admin", "role_developer": "developer", "role_marketer": "marketer",
    "role_billing": "billing", "role_reader": "read-only", "role_operator": "operator of the service",
    "not_yours": "Your role does not open usage, domains and log-ins.",
    "closed": "This account is suspended.", "usage": "Usage", "month": "This month", "day": "Today",
    "hour": "This hour",
    "used_of": "{} of {} units used", "used": "{} units used", "left": "{} left", "until": "until",
    "plan": "Plan:", "no_plan": "Without a plan: nothing limits this account.", "packs": "Left in packs: {} units",
    "runs_out": "At the pace of the last 7 days, {} units a day, units run out on",
    "lasts": "At the pace of the last 7 days, {} units a day, units do not run out.",
    "idle": "Nothing was sent in the last 7 days.",
    "overage_stop": "Beyond the plan mail waits or is refused.",
    "overage_bill": "What goes beyond the plan is charged.",
    "ramp": "A new account: its daily limit doubles with every clean day.",
    "stopped": "What is stopped", "nothing": "Nothing is stopped.",
    "slowed": "What is slowed", "speed": "Speed", "per_hour": "{} recipients an hour", "ends": "Until",
    "rule": "Rule", "messages": "Messages concerned", "allowed": "Still allowed", "mail": "Its mail",
    "kept": "is kept until", "released": "was released, and leaves.", "way_back": "The way back",
    "domains": "Domains", "no_domain": "No domain yet: mail leaves from verified domains only.",
    "pending": "pending", "verified": "verified", "warning": "warning", "suspended": "suspended",
    "do_pending": "Publish its DNS records, then have them checked.",
    "do_warning": "Its records have changed. Mail leaves still; publish them again within two weeks.",
    "do_suspended": "Its records are gone, and no mail leaves. Publish them again, then have them checked.",
    "incoming": "Incoming mail",
    "no_route": "No route: what people answer goes to your own mailbox, where your MX leads it.",
    "way_forward": "is handed to", "way_webhook": "is kept, and told to", "way_keep": "is kept and shown",
    "way_reject": "is refused:",
    "logins": "Log-ins", "no_login": "No log-in yet.", "stream": "stream",
    "last_used": "last used", "never": "never used", "expires": "expires", "paused": "paused",
    "more": "There are more than are shown here; the API lists them all.",
}  # fmt: skip
FRENCH: Mapping[str, str] = {
    "accounts": "Vos comptes", "role": "Votre rôle\N{NO-BREAK SPACE}:",
    "none": "Vous n’appartenez à aucun compte. Demandez une invitation.",
    "role_owner": "propriétaire", "role_admin": "administration", "role_developer": "développement",
    "role_marketer": "marketing", "role_billing": "facturation", "role_reader": "lecture seule",
    "role_operator": "exploitant du service",
    "not_yours": "Votre rôle n’ouvre pas la consommation, les domaines ni les identifiants.",
    "closed": "Ce compte est suspendu.", "usage": "Consommation", "month": "Ce mois", "day": "Aujourd’hui",
    "hour": "Cette heure", "used_of": "{} unités utilisées sur {}", "used": "{} unités utilisées",
    "left": "il en reste {}", "until": "jusqu’au", "plan": "Forfait\N{NO-BREAK SPACE}:",
    "no_plan": "Sans forfait : rien ne limite ce compte.", "packs": "Reste dans les packs : {} unités",
    "runs_out": "Au rythme des 7 derniers jours, {} unités par jour, les unités s’épuisent le",
    "lasts": "Au rythme des 7 derniers jours, {} unités par jour, les unités ne s’épuisent pas.",
    "idle": "Rien n’a été envoyé ces 7 derniers jours.",
    "overage_stop": "Au-delà du forfait, le courrier attend ou est refusé.",
    "overage_bill": "Ce qui dépasse le forfait est facturé.",
    "ramp": "Un compte récent : sa limite par jour double à chaque jour sans incident.",
    "stopped": "Ce qui est arrêté", "nothing": "Rien n’est arrêté.",
    "slowed": "Ce qui est ralenti", "speed": "Vitesse", "per_hour": "{} destinataires par heure", "ends": "Jusqu’à",
    "rule": "Règle", "messages": "Messages concernés", "allowed": "Encore permis", "mail": "Son courrier",
    "kept": "est gardé jusqu’au", "released": "a été libéré, et part.", "way_back": "Pour en sortir",
    "domains": "Domaines", "no_domain": "Aucun domaine : le courrier ne part que de domaines vérifiés.",
    "pending": "en attente", "verified": "vérifié", "warning": "à corriger", "suspended": "suspendu",
    "do_pending": "Publiez ses enregistrements DNS, puis faites-les vérifier.",
    "do_warning": "Ses enregistrements ont changé. Le courrier part encore ; publiez-les sous deux semaines.",
    "do_suspended": "Ses enregistrements ont disparu, et rien ne part. Publiez-les, puis faites-les vérifier.",
    "incoming": "Courrier entrant",
    "no_route": "Aucune route : les réponses vont à votre propre boîte, là où votre MX les mène.",
    "way_forward": "est remis à", "way_webhook": "est gardé, et signalé à", "way_keep": "est gardé et montré",
    "way_reject": "est refusé :",
    "logins": "Identifiants", "no_login": "Aucun identifiant.", "stream": "flux",
    "last_used": "dernier usage", "never": "jamais utilisé", "expires": "expire le", "paused": "en pause",
    "more": "Il y en a plus qu’ici ; l’API les énumère tous.",
}  # fmt: skip


class Said(msgspec.Struct, frozen=True):
    """The words of one language. separator: between the thousands of a number."""

    words: Mapping[str, str]
    separator: str

    def number(self, value: int) -> str:
        """Write a count as people read it."""
        return f"{value:,}".replace(",", self.separator)


def account_words(accept_language: str) -> Said:
    """Return the words for an Accept-Language header."""
    return Said(FRENCH, "\u202f") if preferred(accept_language) == "fr" else Said(ENGLISH, ",")
