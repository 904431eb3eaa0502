"""Collectivities that buy heat: who they are, what they wish, see and publish."""
