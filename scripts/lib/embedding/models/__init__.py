"""The models: what turns the views of an image into its vector. `registry` names every kind."""
