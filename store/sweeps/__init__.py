"""Simulation sweeps that run on workers."""
