"""What copies are called."""
