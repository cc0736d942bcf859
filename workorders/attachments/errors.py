"""What can go wrong with a file.

InvalidInput
├── EmptyFile / FileTooLarge / UnsupportedFile / DamagedFile
├── TooManyAttachments
└── UnknownAttachment      not uploaded by this actor, or swept since
Conflict
└── AttachmentTaken        another action was faster
"""

from foundation.errors import Conflict, FieldFault, InvalidInput

FIELD = "attachments"


class FileFault(InvalidInput):
    """A file that is not taken; the field is the upload itself."""

    code = "FILE_FAULT"

    def __init__(self, message: str | None = None) -> None:
        message = message or self.text
        super().__init__(message, fields=[FieldFault("file", message)])


class EmptyFile(FileFault):
    code = "EMPTY_FILE"
    text = "文件是空的，请重新选择。"


class FileTooLarge(FileFault):
    code = "FILE_TOO_LARGE"

    def __init__(self, most: int) -> None:
        super().__init__(f"文件不能超过 {most // 1024 // 1024} MB。")


class UnsupportedFile(FileFault):
    code = "UNSUPPORTED_FILE"
    text = "只能上传照片（JPEG、PNG、WebP、HEIC）、录音（MP3、M4A、WAV、AMR、OGG）和 PDF 文件。"


class DamagedFile(FileFault):
    code = "DAMAGED_FILE"
    text = "文件已损坏或不完整，请重新选择或重新拍摄。"


class TooManyAttachments(InvalidInput):
    code = "TOO_MANY_ATTACHMENTS"

    def __init__(self, most: int) -> None:
        message = f"一次最多附 {most} 个文件。"
        super().__init__(message, fields=[FieldFault(FIELD, message)])


class UnknownAttachment(InvalidInput):
    code = "UNKNOWN_ATTACHMENT"
    text = "附件不存在或已过期，请重新上传。"

    def __init__(self) -> None:
        super().__init__(fields=[FieldFault(FIELD, self.text)])


class AttachmentTaken(Conflict):
    code = "ATTACHMENT_TAKEN"
    text = "附件已用于另一次提交，或已过期，请重新上传。"

    def __init__(self) -> None:
        super().__init__(fields=[FieldFault(FIELD, self.text)])
