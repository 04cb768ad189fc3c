"""How the training of an autoencoder went, as pictures."""
