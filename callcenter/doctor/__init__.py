"""Says what is reachable, in which version, and what is wrong with it. Must never change anything, anywhere."""
