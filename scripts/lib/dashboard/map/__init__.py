"""The map of the dashboard: what is drawn, in which colours, what passes, and what is selected."""
