"""FHIR R5: one ResearchStudy, one Questionnaire per blinded form. No implementation guide is claimed."""

from equipoise.exchange.fhir.write import write

__all__ = ["write"]
