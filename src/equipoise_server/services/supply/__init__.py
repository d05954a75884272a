"""Kits and units: received, moved, handed out, replaced, accounted for."""
