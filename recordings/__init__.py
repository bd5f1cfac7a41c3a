"""The permanent archive: knows files and hashes, not calls."""
