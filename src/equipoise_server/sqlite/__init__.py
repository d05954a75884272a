"""Django's SQLite engine with a fair queue of writers and a guarded connection."""
