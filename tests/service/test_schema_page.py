"""docs/schema.sql shows the schema as it is."""

import pytest

from callcenter.lab import schema

pytestmark = pytest.mark.service


def test_the_page_of_the_schema_is_current() -> None:
    assert schema.page() == schema.PAGE.read_text(encoding="utf-8"), "run `make schema`"
