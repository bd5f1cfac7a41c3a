"""Reports of the figures, and what is imported for them. Must never count by itself: callcenter/figures does."""
