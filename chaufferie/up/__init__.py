"""Starts everything on this machine as processes of its own, and stops it again."""
