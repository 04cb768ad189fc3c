"""The user's files: finding, identifying and copying them."""
