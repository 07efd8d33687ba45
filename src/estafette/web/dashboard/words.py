"""The words of the page, in English and French."""

from __future__ import annotations

from collections.abc import Mapping

from estafette.web.languages import preferred

ENGLISH: Mapping[str, str] = {
    "lang": "en", "mail": "Mail", "none": "No mail yet.", "login": "Log in", "logout": "Log out",
    "user_or_email": "User or e-mail address", "password": "Password",
    "code": "Code, if you have set up a second factor (or a recovery code)",
    "code_needed": "A code of your device, or a recovery code, is needed too.",
    "wrong": "User, password or code is wrong, or the link was used already.",
    "from": "From", "to": "To", "subject": "Subject", "time": "Time", "state": "State", "size": "Size",
    "headers": "Headers", "text": "Text", "html": "HTML", "source": "Source", "timeline": "Timeline",
    "back": "All mail", "no_text": "The message has no text part.",
    "skip": "Skip to content", "refresh": "Refresh", "no_subject": "(no subject)", "octets": "octets",
    "cut": "Only the beginning is shown.", "more": "and {} more", "links": "Links", "as_sent": "As it is sent to",
    "locked": "Too many failed log-ins. Try again in a few minutes.", "lost": "There is no such mail here.",
    "hint": "Send a message to the SMTP port or the API, then refresh.",
    "queued": "queued", "deferred": "deferred", "delivered": "delivered", "sent": "sent", "bounced": "bounced",
    "failed": "failed", "rejected": "rejected", "unknown": "unknown", "complained": "complained",
    "duplicate_delivery": "delivered twice", "account": "Your account", "with": "Log in with",
    "oidc_wrong": "The log-in with this provider did not work. Try again.",
    "not_invited": "Nobody here has this address. Ask an owner of the account for an invitation.",
    "not_in_plan": "The plan of your account does not open this log-in. Use your password.",
}  # fmt: skip
FRENCH: Mapping[str, str] = {
    "lang": "fr", "mail": "Courrier", "none": "Pas encore de courrier.", "login": "Se connecter",
    "logout": "Se déconnecter", "user_or_email": "Utilisateur ou adresse e-mail", "password": "Mot de passe",
    "code": "Code, si vous avez un second facteur (ou un code de secours)",
    "code_needed": "Il faut aussi un code de votre appareil, ou un code de secours.",
    "wrong": "Utilisateur, mot de passe ou code incorrect, ou lien déjà utilisé.",
    "from": "De", "to": "À", "subject": "Objet", "time": "Heure", "state": "État", "size": "Taille",
    "headers": "En-têtes", "text": "Texte", "html": "HTML", "source": "Source", "timeline": "Chronologie",
    "back": "Tout le courrier", "no_text": "Le message n’a pas de partie texte.",
    "skip": "Aller au contenu", "refresh": "Actualiser",
    "no_subject": "(sans objet)", "octets": "octets", "cut": "Seul le début est affiché.",
    "links": "Liens", "as_sent": "Tel qu’envoyé à",
    "more": "et {} de plus", "locked": "Trop d’essais manqués. Réessayez dans quelques minutes.",
    "lost": "Ce courrier n’existe pas ici.",
    "hint": "Envoyez un message au port SMTP ou à l’API, puis actualisez.",
    "queued": "accepté", "deferred": "différé", "delivered": "remis", "sent": "transmis", "bounced": "retourné",
    "failed": "abandonné", "rejected": "refusé", "unknown": "inconnu", "complained": "plainte",
    "duplicate_delivery": "remis deux fois", "account": "Votre compte", "with": "Se connecter avec",
    "oidc_wrong": "La connexion avec ce fournisseur n’a pas abouti. Réessayez.",
    "not_invited": "Personne ici n’a cette adresse. Demandez une invitation à un propriétaire du compte.",
    "not_in_plan": "Le forfait de votre compte n’ouvre pas cette connexion. Utilisez votre mot de passe.",
}  # fmt: skip


def words(accept_language: str) -> Mapping[str, str]:
    """Return the words for an Accept-Language header."""
    return FRENCH if preferred(accept_language) == "fr" else ENGLISH
