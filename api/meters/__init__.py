"""Meters and their ledger as they are shown: what is known, what is in doubt, what is closed."""
