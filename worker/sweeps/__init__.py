"""Simulations whose cells workers run."""
