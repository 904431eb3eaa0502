"""Statements as they were issued, drafts of the next, and what was made of them to read."""
