"""Keeps one boiler safe and busy: control, devices, warden, executors, journal, uplink."""
