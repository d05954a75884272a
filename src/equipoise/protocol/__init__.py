"""The protocol: frozen values read from a study folder."""
