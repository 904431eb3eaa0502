"""Keeps one boiler safe and busy: heat, devices, jobs, executors, warden, uplink."""
