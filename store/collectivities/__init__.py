"""Collectivities that buy heat, and which sites are theirs."""
