"""Image files into pixels, and nothing of what follows."""
