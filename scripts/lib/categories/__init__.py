"""Images sorted by words: a model of OpenCLIP compares their vectors with those of texts (zero-shot)."""
