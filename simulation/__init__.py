"""The scheduler's engine under virtual time, on a plant that also stands in for boilers."""
