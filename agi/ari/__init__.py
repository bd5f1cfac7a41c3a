"""Asterisk REST Interface: commands, events and the event stream."""
