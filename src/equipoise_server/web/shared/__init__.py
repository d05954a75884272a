"""What every audience's pages are made of: who looks, at what moment, in which words."""
