"""The frame of pages that only a signed-in volunteer opens."""

from __future__ import annotations

from equipoise_server.web.shared.own_pages import own_pages
from equipoise_server.web.shared.volunteer_session import volunteer_of

volunteer_page = own_pages(volunteer_of, "volunteer:sign-in")
"""A view `view(page, volunteer, ...)`; whoever is not signed in is led to the sign-in page."""
