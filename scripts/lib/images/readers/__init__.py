"""One module for each way of reading a file: what it declares, and its pictures."""
