"""Why a list is not taken, each with a stable code. Must never carry a value of the file in its words."""

from callcenter.errors import ConflictError, InvalidError
from tickets.errors import Words


class FileRefusedError(InvalidError):
    """The file is no table that can be read, whatever is said about it."""

    code = "import_file_refused"


class BrokenTableError(InvalidError):
    """From a row on the file cannot be read as a table; `row` is its number, as a spreadsheet counts."""

    code = "import_table_broken"

    def __init__(self, row: int, words: Words) -> None:
        super().__init__(Words(f"第{row}行：{words.zh}", f"row {row}: {words.en}"))
        self.row = row


class MappingRefusedError(InvalidError):
    """The mapping names what does not exist, or something twice."""

    code = "import_mapping_refused"


class WrongStateError(ConflictError):
    """The import has gone further than that, or not far enough."""

    code = "import_wrong_state"


class UnsureError(ConflictError):
    """The file can be read in more than one way: the answer names them, and a person chooses."""

    code = "import_unsure"
