"""The study as registries want it, and everything that keeps it from being complete."""

from equipoise.exchange.registration.write import write_ctgov, write_who24

__all__ = ["write_ctgov", "write_who24"]
