"""CDISC ODM 1.3.2: the forms as metadata, the records as a transactional file with their audit.

Source: CDISC Operational Data Model 1.3.2. Written with the standard library, as a stream.
"""

from equipoise.exchange.odm.write import write

__all__ = ["write"]
