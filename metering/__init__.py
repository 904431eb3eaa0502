"""From registers to kWh and statements: pure rules, and what works by them on the store."""
