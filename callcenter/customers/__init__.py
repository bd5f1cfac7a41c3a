"""Who the customers are, how they are found, and how much of them is shown. Must never pick one of several silently."""
