"""The picture that shows how good an order is."""
