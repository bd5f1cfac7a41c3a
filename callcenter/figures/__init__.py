"""The figures of complaints and of callback findings, and the tickets behind each (T-1, T-4, D-1 … D-14).

tickets/measures.py and tickets/metrics.py define them; here they are counted by PostgreSQL, from ticket_fact.
"""
