"""The application: use cases, transactions and processes."""

__version__ = "0.1.0"
