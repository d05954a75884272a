"""Volunteers: sign-up, workspace, alerts, annotations."""
