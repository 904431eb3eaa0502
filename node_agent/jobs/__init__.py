"""Attempts on this node: claimed, launched, copied, ended, handed over, forgotten."""
