"""Queries, comparison with the source, deviations, coding."""
