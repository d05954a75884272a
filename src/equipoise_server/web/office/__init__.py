"""The trial office: monitor, data manager, sponsor, administrator; recruitment and flow."""
