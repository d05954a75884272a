"""What everybody may read: the study page."""
