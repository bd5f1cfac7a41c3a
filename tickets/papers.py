"""The papers of a ticket: what a file of it is, and where it came from (R-4.3 … R-4.6, N-6, E-20)."""

from __future__ import annotations

from enum import StrEnum


class Paper(StrEnum):
    """What a file of a ticket is, as whoever adds it declares."""

    VISIT_FORM = "visit_form"
    LETTER = "letter"
    FAX = "fax"
    EMAIL = "email"
    PHOTO = "photo"
    AUTHORISATION = "authorisation"
    IDENTITY = "identity"
    KINSHIP = "kinship"
    EVIDENCE = "evidence"
    CUSTOMER_REPLY = "customer_reply"
    RECEPTION = "reception"
    DOCUMENT = "document"
    OTHER = "other"

    @property
    def is_sensitive(self) -> bool:
        """Whether it shows who somebody is, whole: read only by who may see customers unmasked (E-16, N-10)."""
        return self in (Paper.IDENTITY, Paper.KINSHIP)


class Origin(StrEnum):
    """Who made the file: it came to us, or this system made it."""

    RECEIVED = "received"
    GENERATED = "generated"
