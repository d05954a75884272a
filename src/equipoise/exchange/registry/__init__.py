"""A ClinicalTrials.gov API v2 record becomes a draft study folder."""

from equipoise.exchange.registry.draft import Imported, import_record

__all__ = ["Imported", "import_record"]
