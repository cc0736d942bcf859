"""Files 附件 of orders: uploading them, what is seen of them, and their content at `/files/{id}`."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Self

import strawberry
from starlette.datastructures import UploadFile
from strawberry.file_uploads import Upload

from api.context import Info
from api.fields import resolved
from api.identity.trees import Node
from api.ids import Kind, global_id, local_id
from api.problems import Problem
from foundation.errors import InvalidInput
from workorders.attachments import reading, uploading
from workorders.attachments.values import Side

PIECE = 1 << 16

strawberry.enum(Side, name="FileSide", description="Whose file it is: the reporter's, or the unit's with its reply.")


@strawberry.type(description="A file 附件: unattached until an action names it, then on its order.")
class File(Node):
    name: str
    media_type: str
    size: int = strawberry.field(description="In bytes, at most 20 MB.")
    at: datetime = strawberry.field(description="When it was uploaded, or attached.")
    side: Side | None
    internal: bool = strawberry.field(description="Of a reply, for the city alone.")
    released: bool = strawberry.field(description="放行: units may see it though its citizen is not known to them.")
    url: str = strawberry.field(description="Where its content is, for whoever may see it, with the same token.")

    @classmethod
    def of(cls, file: reading.File) -> Self:
        return cls(
            id=global_id(Kind.FILE, file.id),
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            at=file.at,
            side=file.side,
            internal=file.internal,
            released=file.released,
            url=f"/files/{file.id}",
        )


FileResult = Annotated[File | Problem, strawberry.union("FileResult", description="A file, or why there is none.")]


@strawberry.input
class ReleaseFileInput:
    file: strawberry.ID
    reason: str = strawberry.field(description="4 to 200 characters; audited.")


@strawberry.type
class FileMutations:
    @resolved("上传: a photo, sound or PDF, nobody's but the uploader's until an action attaches it within 24 hours.")
    async def upload_file(self, info: Info, file: Upload) -> FileResult:
        context = info.context
        actor = context.actor
        given: object = file
        if not isinstance(given, UploadFile):
            raise InvalidInput.field("file", "请以 multipart 方式上传文件。")
        stored = await uploading.upload(
            context.services.attachments, actor, name=given.filename or "", content=_pieces(given)
        )
        return File.of(stored)

    @resolved("放行: let units see a file that the citizen of a confidential or anonymous order sent.")
    async def release_file(self, info: Info, input: ReleaseFileInput) -> FileResult:
        context = info.context
        file = local_id(Kind.FILE, input.file, "file")
        return File.of(await reading.release(context.services.attachments, context.actor, file, reason=input.reason))


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece
