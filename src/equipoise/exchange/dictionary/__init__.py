"""Dictionaries for coding: the shipped list of terms, and readers for files of the user's own.

Nothing licensed is shipped. MedDRA, WHODrug and ICD are loaded from the files that a
licence holder has.
"""

from equipoise.exchange.dictionary.read import Term, read_terms
from equipoise.exchange.dictionary.shipped import SHIPPED, shipped
from equipoise.exchange.dictionary.tokens import likeness, tokens

__all__ = ["SHIPPED", "Term", "likeness", "read_terms", "shipped", "tokens"]
