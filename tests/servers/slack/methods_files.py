"""files.*, with the addresses for download and upload."""

from __future__ import annotations

import mimetypes
from typing import Any

from tests.servers.slack.calls import Request, method
from tests.servers.slack.errors import Refused
from tests.servers.slack.methods_chat import check_thread, new_message, open_channel
from tests.servers.slack.state import File
from tests.servers.slack.world import World

__all__ = ["new_file"]

Json = dict[str, Any]


def new_file(
    world: World, team: str, user: str, name: str, content: bytes = b"", media_type: str | None = None
) -> File:
    """A file with its address. Its type is told from its name unless given."""
    id = world.state.next_id("F")
    kind = media_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    made = File(id, team, name, content, kind, user, f"{world.url}/files-pri/{team}-{id}/download/{name}")
    world.state.files[id] = made
    return made


def _known(request: Request, id: Any) -> File:
    found = request.world.state.files.get(str(id))
    if found is None or found.team != request.workspace.id:
        raise Refused("file_not_found")
    return found


@method("files.info", "files:read")
def info(request: Request) -> Json:
    return {"file": _known(request, request.args.get("file")).payload()}


@method("files.getUploadURLExternal", "files:write")
def upload_url(request: Request) -> Json:
    request.need("filename", "length")
    made = new_file(
        request.world, request.workspace.id, request.workspace.bot_user, str(request.args["filename"])
    )
    made.is_complete = False
    return {"upload_url": f"{request.world.url}/upload/v1/{made.id}", "file_id": made.id}


@method("files.completeUploadExternal", "files:write")
def complete(request: Request) -> Json:
    request.need("files")
    files = [_known(request, entry.get("id")) for entry in request.args["files"]]
    for file, entry in zip(files, request.args["files"], strict=True):
        file.is_complete = True
        file.title = entry.get("title") or ""
    shown = [file.payload() for file in files]
    if request.args.get("channel_id"):
        request.args["channel"] = request.args["channel_id"]
        channel = open_channel(request)
        check_thread(channel, request.args.get("thread_ts"))
        text = request.args.get("initial_comment") or ""
        request.world.post(new_message(request, channel, text=text, files=shown, subtype="file_share"))
    return {"files": shown}
