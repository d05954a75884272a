"""Tables for statisticians: one per form, with codebook, audit and ledger.

UTF-8 without byte order mark, RFC 4180 (comma, quotes doubled, CRLF), one header row.
"""

from equipoise.exchange.csv.write import write

__all__ = ["write"]
