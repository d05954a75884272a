"""The roles of staff: which there are, which are held at one site, which see the arms.

Everything that asks about roles reads them here.
"""

from __future__ import annotations

from typing import Literal, get_args

AtSite = Literal["investigator", "coordinator", "dosing nurse", "assessor"]
"""Roles of the people who see participants; held at one site."""
Central = Literal[
    "pharmacist",
    "monitor",
    "unblinded monitor",
    "data manager",
    "statistician",
    "safety-board statistician",
    "safety-board member",
    "sponsor",
    "administrator",
    "image reader",
]
Unblinded = Literal[
    "pharmacist",
    "unblinded monitor",
    "safety-board statistician",
    "safety-board member",
]
Role = Literal[AtSite, Central]

SITE_STAFF: tuple[str, ...] = get_args(AtSite)
CENTRAL: tuple[str, ...] = get_args(Central)
UNBLINDED: tuple[str, ...] = get_args(Unblinded)
"""Roles of the unblinded side. Whoever has held one acts in no other kind of role."""
ROLES: tuple[str, ...] = get_args(Role)
