"""How the files of tickets look from outside. Must never show a file's name to who may not see customers whole."""

from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated
from uuid import UUID

from pydantic import Field

from callcenter.attachments.store import Attachment
from callcenter.terms import term
from callcenter.web import details
from callcenter.web.api import Personal
from tickets.papers import Origin, Paper


class AttachmentView(Personal):
    """A file of a ticket; `media_type` and `size` are of its content, `name` has the ending that fits it."""

    id: Annotated[UUID, Field(title="附件标识")]
    ticket_id: Annotated[UUID, Field(title="服务单标识")]
    kind: Annotated[Paper, Field(title="材料类型")]
    origin: Annotated[Origin, Field(title="材料来源")]
    name: Annotated[str, Field(title="文件名")]
    media_type: Annotated[str, Field(title="文件格式")]
    size: Annotated[int, Field(title="字节数")]
    sha256: Annotated[str, Field(title="SHA-256校验值")]
    note: Annotated[str | None, Field(title="说明")]
    added_at: Annotated[datetime, Field(title="添加时间")]
    added_by: Annotated[str, Field(title="添加人")]
    withdrawn_at: Annotated[datetime | None, Field(title="撤回时间")]
    withdrawn_by: Annotated[str | None, Field(title="撤回人")]
    withdrawn_reason: Annotated[str | None, Field(title="撤回原因")]


def attachment_view(found: Attachment, masked: bool) -> AttachmentView:
    """The file; `masked`: its name and the words about it are somebody's, and hidden."""
    return AttachmentView(
        id=found.id,
        ticket_id=found.ticket_id,
        kind=found.kind,
        origin=found.origin,
        name=masked_name(found) if masked else found.name,
        media_type=found.media_type,
        size=found.size,
        sha256=found.sha256,
        note=details.text(found.note, masked),
        added_at=found.added_at,
        added_by=found.added_by,
        withdrawn_at=found.withdrawn_at,
        withdrawn_by=found.withdrawn_by,
        withdrawn_reason=details.text(found.withdrawn_reason, masked),
    )


def masked_name(found: Attachment) -> str:
    """What the file is, in place of how somebody called it."""
    return term(found.kind).zh + PurePosixPath(found.name).suffix
