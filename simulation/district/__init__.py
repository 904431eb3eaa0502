"""Districts: fleets of sites drawn for a scenario, their people, and what both ask of the plant."""
