"""What participants do and read on their own pages."""
