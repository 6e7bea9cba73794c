"""Command-line programs: their arguments, their errors."""
