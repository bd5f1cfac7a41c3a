"""Reviews of a branch's decision, supervision from above, and cases returned for re-investigation.

The rules are in tickets/reviews.py. Each use case is one transaction over the locked ticket and the version of the
object its reader saw. The ticket itself is never reopened (B-2).
"""
