"""Which folder of the output a file goes to: of its group, of its stretch of the order, of duplicates."""
