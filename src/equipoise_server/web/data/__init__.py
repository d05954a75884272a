"""Cleaning: queries, source verification, coding, deviations, laboratory files."""
