"""What leaves as a letter, and what a demonstration shows instead."""
