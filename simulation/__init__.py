"""The engine and the control law under virtual time, and a plant that stands in for boilers."""
