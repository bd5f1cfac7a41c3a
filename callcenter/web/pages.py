"""Lists are read page by page: `{items, next}`, `next` being the cursor of the page after. Must never count or offset.

A cursor is the sort key of the last item, signed, and good only for the list that gave it.
"""

import base64
import binascii
import hmac
import json
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from callcenter.web.errors import BadCursorError
from tickets.errors import Words

T = TypeVar("T")
TAG_BYTES = 12


class PageQuery(BaseModel):
    """Parameters of every list; subclass it to add filters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=200, description="Items on one page 每页条数")] = 50
    cursor: Annotated[str | None, Field(max_length=1000, description="`next` of the page before 上一页的 next")] = None


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    model_config = ConfigDict(frozen=True)

    items: list[T]
    next: str | None = Field(default=None, description="Cursor of the next page; null on the last 下一页游标")


class Cursors:
    """Makes and reads cursors of one list."""

    def __init__(self, secret: bytes, name: str) -> None:
        self._secret = secret
        self._name = name.encode()

    def make(self, key: Any) -> str:
        """The cursor that stands for `key`: an id, a moment, or a tuple of such."""
        text = to_json(key)
        return base64.urlsafe_b64encode(self._tag(text) + text).rstrip(b"=").decode()

    def read(self, cursor: str, kind: type[T]) -> T:
        """The key inside. Raises BadCursorError when we did not make it for this list."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise BadCursorError(Words("不是有效的游标", "this is not a cursor of ours")) from None
        tag, text = raw[:TAG_BYTES], raw[TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(text)):
            raise BadCursorError(Words("游标不属于此列表", "this is not a cursor of this list"))
        try:
            return TypeAdapter(kind).validate_python(json.loads(text))
        except (ValidationError, ValueError):
            raise BadCursorError(Words("游标来自其他版本", "this cursor is from another version")) from None

    def _tag(self, text: bytes) -> bytes:
        return hmac.digest(self._secret, self._name + b"\0" + text, "sha256")[:TAG_BYTES]
