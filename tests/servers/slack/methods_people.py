"""auth.*, users.*, usergroups.*, team.*, bots.*, oauth.* and apps.*"""

from __future__ import annotations

from typing import Any

from tests.servers.slack.calls import Request, method, paged
from tests.servers.slack.errors import Refused
from tests.servers.slack.events import APP

__all__: list[str] = []

Json = dict[str, Any]


@method("api.test", kind=None)
def api_test(request: Request) -> Json:
    if error := request.args.get("error"):
        raise Refused(str(error), args=request.args)
    return {"args": request.args}


@method("auth.test")
def auth_test(request: Request) -> Json:
    workspace = request.workspace
    return {
        "url": "https://test.slack.com/",
        "team": workspace.name,
        "user": "answerloop",
        "team_id": workspace.id,
        "user_id": workspace.bot_user,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


@method("auth.revoke")
def revoke(request: Request) -> Json:
    if request.flag("test"):
        return {"revoked": False}
    assert request.token
    request.token.is_revoked = True
    return {"revoked": True}


@method("auth.teams.list")
def teams(request: Request) -> Json:
    listed = [{"id": request.workspace.id, "name": request.workspace.name}]
    return {"teams": listed, "response_metadata": {"next_cursor": ""}}


@method("apps.connections.open", "connections:write", kind="app")
def open_connection(request: Request) -> Json:
    ticket = request.world.new_ticket()
    return {"url": f"{request.world.url.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={APP}"}


@method("users.info", "users:read")
def user_info(request: Request) -> Json:
    user = request.world.state.users.get(str(request.args.get("user")))
    if user is None:
        raise Refused("user_not_found")
    return {"user": user.payload(request.flag("include_locale"))}


@method("users.list", "users:read")
def users(request: Request) -> Json:
    found = [u for u in request.world.state.users.values() if u.team == request.workspace.id]
    page, metadata = paged(found, request.args, default=1000)
    with_locale = request.flag("include_locale")
    return {"members": [u.payload(with_locale) for u in page], "response_metadata": metadata}


@method("usergroups.list", "usergroups:read")
def groups(request: Request) -> Json:
    found = [g for g in request.world.state.groups.values() if g.team == request.workspace.id]
    return {"usergroups": [g.payload(request.flag("include_users")) for g in found]}


@method("usergroups.users.list", "usergroups:read")
def group_users(request: Request) -> Json:
    group = request.world.state.groups.get(str(request.args.get("usergroup")))
    if group is None or group.team != request.workspace.id:
        raise Refused("no_such_subteam")
    return {"users": list(group.users)}


@method("team.info", "team:read")
def team(request: Request) -> Json:
    workspace = request.workspace
    return {"team": {"id": workspace.id, "name": workspace.name, "domain": "test", "icon": {}}}


@method("bots.info", "users:read")
def bot(request: Request) -> Json:
    asked = request.args.get("bot")
    for user in request.world.state.users.values():
        if user.bot_id and user.bot_id == asked and user.team == request.workspace.id:
            app = APP if user.id == request.workspace.bot_user else "A0OTHER"
            made = {"id": user.bot_id, "deleted": user.deleted, "name": user.name, "app_id": app}
            return {"bot": made | {"user_id": user.id, "icons": {}, "updated": 1700000000}}
    raise Refused("bot_not_found")


@method("oauth.v2.access", kind=None)
def access(request: Request) -> Json:
    world = request.world
    client = (request.args.get("client_id"), request.args.get("client_secret"))
    if client[0] != world.client[0]:
        raise Refused("invalid_client_id")
    if client[1] != world.client[1]:
        raise Refused("bad_client_secret")
    team_id, user = world.codes.pop(str(request.args.get("code")), ("", ""))
    if not team_id:
        raise Refused("invalid_code")
    workspace = world.state.workspaces[team_id]
    token = world.state.tokens[workspace.bot_token]
    token.is_revoked = False
    workspace.is_installed = True
    return {
        "access_token": workspace.bot_token,
        "token_type": "bot",
        "scope": ",".join(sorted(token.scopes)),
        "bot_user_id": workspace.bot_user,
        "app_id": APP,
        "team": {"id": workspace.id, "name": workspace.name},
        "enterprise": None,
        "is_enterprise_install": False,
        "authed_user": {"id": user},
    }
