"""Statements as electronic invoices: Factur-X by EN 16931, with the sums of the statement."""
