"""Names about interim analyses that both sides of the unblinded door use."""

from __future__ import annotations

STATISTICIAN = frozenset({"safety-board statistician"})
MEMBER = frozenset({"safety-board member"})
DECISIONS = ("continue", "efficacy", "futility", "safety")
"""To go on, or why the trial stops."""
