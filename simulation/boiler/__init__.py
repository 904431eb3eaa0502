"""A process that stands in for boilers: a small plant in clock time, behind Modbus TCP."""
