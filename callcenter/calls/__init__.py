"""Calls as they happened: the pure course of a call, the switch's two accounts of it, and the rows they lead to."""
