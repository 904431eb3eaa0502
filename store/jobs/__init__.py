"""Jobs, arrays and their instances: submitted, steered, listed, and how long they wait."""
