"""The application: use cases, transactions and processes."""
