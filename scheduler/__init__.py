"""Decides where heat and work go: a pure engine, its policies, and the loop around it."""
