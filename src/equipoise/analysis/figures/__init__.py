"""Figures as SVG, each with a title and a description in words."""

from equipoise.analysis.figures.figure import Figure

__all__ = ["Figure"]
