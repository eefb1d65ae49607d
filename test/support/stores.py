"""The stores that the tests run on. MIDFLIGHT_STORES=sqlite,postgresql chooses others."""
import os

SQLITE, POSTGRESQL = "sqlite", "postgresql"

STORES = tuple(os.environ.get("MIDFLIGHT_STORES", SQLITE).split(","))


def said(text, words):
    """The text with words of one store in place of another's."""
    for word, other in words.items():
        text = text.replace(word, other)
    return text
