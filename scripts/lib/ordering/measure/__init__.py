"""How good an order is: its quality, and what no order can be better than."""
