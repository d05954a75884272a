"""Letters and mailed links."""
