"""Who is looking: a person, the roles held at this moment, and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from equipoise_server.services.access import permissions, visible
from equipoise_server.store.models import User
from equipoise_server.web.shared.access import HOMES, READERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A signed-in person, or nobody. `held` are roles, each with its site (None: all sites)."""

    user: User | None = None
    held: tuple[tuple[str, str | None], ...] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles held, each once."""
        return tuple(dict.fromkeys(role for role, _ in self.held))

    def may_read(self, kind: str) -> bool:
        """Whether a role held opens this kind of page."""
        return any(role in READERS[kind] for role in self.roles)

    def sites(self, kind: str) -> frozenset[str] | None:
        """The sites whose data this kind of page may show; None for all."""
        held = [site for role, site in self.held if role in READERS[kind]]
        return None if None in held else frozenset(site for site in held if site)

    def sees_site(self, kind: str, site: str) -> bool:
        """Whether this kind of page may show data of `site`."""
        allowed = self.sites(kind)
        return allowed is None or site in allowed

    def may(self, step: str, site: str | None = None) -> bool:
        """Whether a role held now allows a step at a site (None: at any)."""
        return self.user is not None and self.user.has_perm(f"{visible.PREFIX}{step}", site)

    def roles_at(self, site: str) -> frozenset[str]:
        """The roles held at one site."""
        return frozenset(role for role, where in self.held if where in (None, site))

    @property
    def home(self) -> str:
        """The name of the person's first page."""
        for roles, name in HOMES:
            if any(role in roles for role in self.roles):
                return name
        return "public:study"


NOBODY = Viewer()


def viewer_of(user: object, at: datetime) -> Viewer:
    """The viewer behind a request's user, with the roles held at `at`."""
    if not isinstance(user, User) or not user.is_active:
        return NOBODY
    return Viewer(user=user, held=permissions.roles(user, at))
