"""Opinion letters: drafted by the complaint post, cleared by legal counsel, sent to the customer (R-4.25, N-9, CL-8).

The rules are in tickets/letters.py. Each use case is one transaction over the locked ticket and the version of the
letter its reader saw.
"""
