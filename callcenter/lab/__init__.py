"""Makes the real parts run on a machine that has none of them."""
