"""What leaves the house: mail and webhooks, and whom they may reach."""
