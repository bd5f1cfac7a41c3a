"""What can go wrong about accounts. Must never tell somebody what lies outside their organisations."""

from typing import Literal

from callcenter.errors import ConflictError, InvalidError
from tickets.errors import Words


class LoginTakenError(ConflictError):
    """Somebody has this log-in name or this extension."""

    code = "taken"

    def __init__(self, what: Literal["login", "extension"]) -> None:
        zh = "登录名" if what == "login" else "分机"
        super().__init__(Words(f"该{zh}已被使用", f"the {what} belongs to somebody already"))


class OrganisationTakenError(ConflictError):
    """There is an organisation with this id, or a headquarters."""

    code = "taken"

    def __init__(self, organisation_id: str) -> None:
        super().__init__(
            Words(
                f"{organisation_id}：机构代码已被使用，或已有总公司",
                f"{organisation_id}: the id is taken, or there is a headquarters already",
            )
        )


class NotOursToGiveError(InvalidError):
    """Nobody gives a role, a scope or a place that they could not hold themselves."""

    code = "not_ours_to_give"


class NotASuperiorError(InvalidError):
    """Nobody stands under somebody who has left, works elsewhere, or stands under them."""

    code = "not_a_superior"


class LastAdminError(ConflictError):
    """Without this person nobody could manage accounts."""

    code = "last_admin"


class PostTakenError(ConflictError):
    """Somebody else has the post, or stands in on it, on one of the days."""

    code = "post_taken"

    def __init__(self) -> None:
        super().__init__(
            Words("该岗位在此期间已有任职人员或代理人", "somebody has the post, or stands in on it, in this time")
        )
