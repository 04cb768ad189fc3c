"""What viewers see of a collection: artifacts, which are read and never touched, in one consistent state."""
