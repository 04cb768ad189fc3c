"""An order that is kept while images come and go."""
