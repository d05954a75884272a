"""Participants' own pages."""
