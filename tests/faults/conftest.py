"""The load, the kills and what is left of them."""
