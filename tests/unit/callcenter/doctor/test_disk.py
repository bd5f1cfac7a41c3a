"""What the doctor sees of a mount: one made read-only on purpose, and a disk that became so."""

from pathlib import Path

import pytest

from callcenter.doctor.disk import given_read_only

pytestmark = pytest.mark.unit

HEAD = """22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
31 22 0:5 / /dev rw,nosuid - devtmpfs devtmpfs rw
"""


@pytest.mark.parametrize(
    ("mount", "purposely"),
    [
        ("254:0 /vol/archive @ ro,relatime - ext4 /dev/vda rw,discard", True),
        ("254:0 /vol/archive @ rw,relatime - ext4 /dev/vda rw", False),
        ("254:16 / @ ro,relatime - ext4 /dev/vdb ro,errors=remount-ro", False),
        ("254:16 / @ rw,relatime - ext4 /dev/vdb ro,errors=remount-ro", False),
        ("254:0 /vol/archive @/root ro,relatime master:3 - xfs /dev/vda rw", True),
        ("254:0 /vol/other @-of-another ro,relatime - ext4 /dev/vda rw", False),
    ],
)
def test_a_folder_mounted_read_only_on_a_disk_that_can_be_written_is_so_on_purpose(
    tmp_path: Path, mount: str, purposely: bool
) -> None:
    root = tmp_path / "archive" / "root"
    root.mkdir(parents=True)
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"{HEAD}40 22 {mount.replace('@', str(tmp_path / 'archive'))}\nnonsense\n")
    assert given_read_only(root, mounts) is purposely


def test_the_last_of_mounts_over_each_other_counts(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"{HEAD}40 22 254:0 /a {tmp_path} ro - ext4 /dev/vda rw\n41 40 254:16 / {tmp_path} rw - ext4 /dev/vdb rw\n"
    )
    assert given_read_only(tmp_path, mounts) is False


def test_a_path_with_a_space_is_found(tmp_path: Path) -> None:
    """The kernel writes it as \\040."""
    folder = tmp_path / "the archive"
    folder.mkdir()
    mounts = tmp_path / "mountinfo"
    escaped = str(folder).replace(" ", "\\040")
    mounts.write_text(f"{HEAD}40 22 254:0 /a {escaped} ro - ext4 /dev/vda rw\n")
    assert given_read_only(folder, mounts)
