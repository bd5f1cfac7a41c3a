"""The database: connections, transactions and migrations."""
