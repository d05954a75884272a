"""Site staff, monitors and data managers: own work, participants, records."""
