"""Where site staff enter data and act on participants. Every page works without script."""
