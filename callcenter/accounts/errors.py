"""What can go wrong about accounts. Must never tell somebody what lies outside their organisations."""

from callcenter.errors import ConflictError, InvalidError


class LoginTakenError(ConflictError):
    """Somebody has this log-in name or this extension."""

    code = "taken"

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} belongs to somebody already")


class OrganisationTakenError(ConflictError):
    """There is an organisation with this id, or a headquarters."""

    code = "taken"

    def __init__(self, organisation_id: str) -> None:
        super().__init__(f"{organisation_id}: the id is taken, or there is a headquarters already")


class NotOursToGiveError(InvalidError):
    """Nobody gives a role, a scope or a place that they could not hold themselves."""

    code = "not_ours_to_give"


class LastAdminError(ConflictError):
    """Without this person nobody could manage accounts."""

    code = "last_admin"
