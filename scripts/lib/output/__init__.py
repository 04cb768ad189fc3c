"""The output folder: what it is to hold, what is done there, and how that is taken back."""
