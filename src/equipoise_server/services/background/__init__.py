"""What happens by itself, without anybody asking for it."""
