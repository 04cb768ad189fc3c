"""A convolutional autoencoder, trained on the user's own images."""
