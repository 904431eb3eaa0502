"""What really happens to heat and water: servers, tanks, draws and meters, as arrays over sites."""
