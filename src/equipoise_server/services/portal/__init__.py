"""The public side: studies, volunteers, messages to a site."""
