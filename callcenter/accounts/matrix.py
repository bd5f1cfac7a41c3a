"""Writes docs/permissions.md from the table, for auditors to read. Must never differ from what the program does."""

from pathlib import Path

from callcenter.accounts.permissions import PERMISSIONS, Permission, Role

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"

ROLES = {
    Role.AGENT: "95519 坐席",
    Role.CALLBACK_AGENT: "回访坐席",
    Role.HANDLER: "投诉岗",
    Role.COORDINATOR: "部门协调人",
    Role.DEPARTMENT_HEAD: "部门负责人",
    Role.LEGAL: "法务",
    Role.SECRETARY: "消保委秘书",
    Role.SUPERVISOR: "班组长",
    Role.QA: "质检",
    Role.AUDITOR: "审计",
    Role.ADMIN: "管理员",
    Role.INTEGRATOR: "对接系统",
}

HEAD = """# Who may do what

Made from `callcenter/accounts/permissions.py` by `python -m callcenter.accounts.matrix`; do not edit.

A person has any number of roles, and each reaches as far down as the person's organisation does: headquarters sees all,
a province its cities and counters. What lies outside is not found. A token has a part of the integrator's permissions,
below the organisation it was issued for. Every refusal is in the access log.

"""


def page() -> str:
    """The page's text."""
    rows = ["| | " + " | ".join(f"{role}<br>{ROLES[role]}" for role in Role) + " |", "|---|" + ":-:|" * len(Role)]
    rows += [
        f"| `{permission}` | " + " | ".join("●" if permission in PERMISSIONS[role] else "" for role in Role) + " |"
        for permission in Permission
    ]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
