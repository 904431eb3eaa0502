"""From registers to kWh: pure rules on meter indexes."""
