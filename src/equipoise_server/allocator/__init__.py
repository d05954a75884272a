"""The only part that can open a slot. Everything else reaches it through `client`."""
