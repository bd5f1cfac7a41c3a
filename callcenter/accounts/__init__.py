"""Organisations, people, roles, permissions, sessions and API tokens."""
