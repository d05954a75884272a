"""The trial as a whole: opened, amended, locked, unblinded, analysed, exported."""
