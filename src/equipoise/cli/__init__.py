"""The command line: one file per verb, assembled in `application`."""

from equipoise.cli.application import main, run

__all__ = ["main", "run"]
