"""Who may read what: [access]."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from rag_core.settings.group import Group

__all__ = ["Access", "AccessRule"]


def _listed(value: object) -> object:
    """A single text stands for a list of one."""
    return (value,) if isinstance(value, str) else value


_Scope = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")]
_Id = Annotated[str, Field(pattern=r"^[^\s#@](.*\S)?$", max_length=200)]
_Ids = Annotated[tuple[_Id, ...], BeforeValidator(_listed), Field(min_length=1)]
_GroupName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_Member = Annotated[str, Field(pattern=r"^(slack|discord):([^\s/:]+/)?[^\s/:]+$")]


class AccessRule(Group):
    """Grants scopes to those who meet every condition given; one of a list is enough. See docs/access.md.

    It holds where only the asker sees the answer, in the channels it names, and with anywhere in every channel.
    """

    scopes: Annotated[tuple[_Scope, ...], BeforeValidator(_listed), Field(min_length=1)]
    """The scopes granted."""
    platform: Literal["slack", "discord", "web"] | None = None
    """Where the question comes from. Unset: any platform that knows who asks, so not `"web"`."""
    workspace: _Ids | None = None
    """The asker's own workspace or server, by id. One or a list."""
    channel: _Ids | None = None
    """The channel asked in, by id; what is granted is shown to everybody in it. One or a list."""
    role: _Ids | None = None
    """A role or user group that the platform says the person has, by id; needs workspace. One or a list."""
    user: _Ids | None = None
    """The person, by id. One or a list."""
    group: Annotated[tuple[_GroupName, ...], BeforeValidator(_listed), Field(min_length=1)] | None = None
    """A group of [access.groups] that the person is in. One or a list."""
    direct: bool | None = None
    """true: only where the asker alone sees the answer; false: only in channels."""
    anywhere: bool = False
    """Whether the rule also holds in channels that it does not name, where everybody sees the answer."""

    @model_validator(mode="after")
    def _means_something(self) -> AccessRule:
        personal = self.workspace or self.channel or self.role or self.user
        if self.platform == "web" and (personal or self.group):
            raise ValueError(
                'visitors of the chat page are anonymous: a rule for "web" has no workspace, channel, role, user or group'
            )
        if personal and self.platform is None:
            raise ValueError("ids mean nothing without their platform: add platform")
        if self.role and not self.workspace:
            raise ValueError("anyone may give a role any name in a workspace of their own: add workspace")
        if self.direct and (self.channel or self.anywhere):
            raise ValueError(
                "direct = true never holds in a channel: leave out channel and anywhere, or direct"
            )
        if self.direct is False and not (self.channel or self.anywhere):
            raise ValueError("direct = false needs channel, or anywhere = true, to hold anywhere at all")
        return self


class Access(Group):
    rules: tuple[AccessRule, ...] = ()
    """Without a rule a person reads what is 'public', and nothing else."""
    groups: dict[_GroupName, tuple[_Member, ...]] = Field(default={})
    """Groups of people for rules to name: `staff = ["slack:U024BE7LH", "slack:T024BE7LD/U0G9QF9C6"]`, each
    platform:user or platform:workspace/user."""

    @model_validator(mode="after")
    def _groups_are_known(self) -> Access:
        for number, rule in enumerate(self.rules, start=1):
            if unknown := sorted(set(rule.group or ()) - set(self.groups)):
                raise ValueError(
                    f"rule {number} names the group {unknown[0]!r}, which [access.groups] does not have"
                )
        return self
