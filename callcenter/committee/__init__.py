"""Committees for difficult cases: members, meetings with their rulings, referrals, and what must be carried out.

The rules are in tickets/committee.py. Each use case is one transaction over a locked row and the version its reader
saw. The committee's office sits in customer service of its own organisation (R-3.6): nobody writes in another's.
"""
