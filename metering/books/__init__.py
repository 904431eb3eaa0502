"""Statements as business: drafted from the ledger, issued under a number, corrected by others."""
