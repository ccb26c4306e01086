"""Who may do what on the pages: readers read, reviewers decide, admins see everything. By configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kg.problem import InputError


class Role(StrEnum):
    """What a person at the pages may do; each may what those before it may."""

    READER = "reader"
    REVIEWER = "reviewer"
    ADMIN = "admin"

    @property
    def zh(self) -> str:
        """The Chinese word shown to readers."""
        return {"reader": "读者", "reviewer": "审核人", "admin": "管理员"}[self.value]

    @property
    def may_review(self) -> bool:
        """Whether decisions may be written."""
        return self is not Role.READER


@dataclass(frozen=True, slots=True)
class Person:
    """Who is at the page; the name goes into whatever is written."""

    name: str
    role: Role


def person(environ: Mapping[str, str], email: str | None) -> Person:
    """The person of a session: by e-mail where one signed in, else the single user of this machine.

    YILUN_APP_ROLES names people as `a@b.cn=reviewer,c@d.cn=admin`: whoever signed in and is not named reads only.
    Without it and without a sign-in the pages serve one user, who is YILUN_APP_USER and may do everything.

    >>> person({"YILUN_APP_ROLES": "a@b.cn=reviewer"}, "a@b.cn")
    Person(name='a@b.cn', role=<Role.REVIEWER: 'reviewer'>)
    >>> person({}, None).role, person({"YILUN_APP_ROLES": "a@b.cn=admin"}, None).role
    (<Role.ADMIN: 'admin'>, <Role.READER: 'reader'>)
    """
    table: dict[str, Role] = {}
    for entry in filter(None, environ.get("YILUN_APP_ROLES", "").split(",")):
        name, mark, role = entry.strip().partition("=")
        if not mark or role not in list(Role):
            raise InputError(f"YILUN_APP_ROLES 的 {entry!r} 应为 邮箱=角色，角色为 {'、'.join(Role)}")
        table[name] = Role(role)
    if email is not None:
        return Person(email, table.get(email, Role.READER))
    if table:
        return Person("未登录", Role.READER)
    return Person(environ.get("YILUN_APP_USER", "").strip() or "本机用户", Role.ADMIN)
