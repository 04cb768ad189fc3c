"""The dashboard: a web page on which a collection can be walked. It reads artifacts, and blocks no sort."""
