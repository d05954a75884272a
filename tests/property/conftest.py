"""Property tests without settings of their own try as many examples as `thorough()` says."""

from hypothesis import settings

from thorough import thorough

settings.register_profile("equipoise", thorough())
settings.load_profile("equipoise")
