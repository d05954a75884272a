"""The three consents of the public side: separate, never ticked before, each with its very text."""

from __future__ import annotations

from hashlib import sha256

VERSION = "1"
PURPOSES = ("contact", "alerts", "keep")
TEXTS: dict[str, dict[str, str]] = {
    "contact": {
        "en": "The team of this study may write to me or call me about this study.",
        "zh-Hans": "我同意本研究团队就本研究写信或致电给我。",
    },
    "alerts": {
        "en": "I want to get mail about studies in the fields that I choose.",
        "zh-Hans": "我希望收到我所选领域的研究邮件。",
    },
    "keep": {
        "en": "You may keep my address after this study ends, to tell me of other studies.",
        "zh-Hans": "本研究结束后，可保留我的邮箱，以便告知其他研究。",
    },
}


def say(purpose: str, language: str) -> str:
    """The text of a consent in a language, English where it has none."""
    return TEXTS[purpose].get(language) or TEXTS[purpose]["en"]


def fingerprint(purpose: str, language: str) -> str:
    """The SHA-256 of the text that was shown."""
    return sha256(say(purpose, language).encode()).hexdigest()
