"""Contracts on delivered heat: who buys it from whom, for how long, and at what price."""
