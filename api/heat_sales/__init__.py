"""Contracts on heat and statements as they are shown."""
