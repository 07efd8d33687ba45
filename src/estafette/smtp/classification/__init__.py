"""What replies mean: rules as data, and the classifier that asks them. Pure."""

from estafette.smtp.classification.classifier import classify
from estafette.smtp.classification.rule import Classification
from estafette.smtp.classification.vocabulary import ADDRESS_SCOPES, Category, vocabulary

__all__ = ["ADDRESS_SCOPES", "Category", "Classification", "classify", "vocabulary"]
