"""The files of tickets: what they may be, where their bytes lie, who added and withdrew them."""
