"""Drivers: how the agent reads a boiler's instruments and limits its power."""
