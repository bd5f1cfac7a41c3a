"""What differs from one Asterisk to the next."""

from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.lab.site import AgentPhone, Ports, Site, site_files, write_phones

pytestmark = pytest.mark.unit

SITE = Site("hl1", Path("/x"), "/m", "/d", Path("/s"), Path("/s/music"), Ports(1, 2, 3, 4, 5, 6, 7), "a", "b")


def test_browsers_are_told_the_public_address_of_an_asterisk_behind_nat() -> None:
    behind = replace(SITE, public="198.51.100.7", own="10.95.19.20")
    _, _, section = site_files(behind)["rtp.conf"].partition("[ice_host_candidates]\n")
    assert section == "10.95.19.20 => 198.51.100.7,include_local_address\n"


def test_an_asterisk_that_is_not_behind_nat_tells_browsers_its_own_addresses() -> None:
    for site in (SITE, replace(SITE, own="10.95.19.20"), replace(SITE, public="198.51.100.7")):
        assert "ice_host_candidates" not in site_files(site)["rtp.conf"]


def test_the_passwords_of_telephones_are_read_by_their_owner_alone(tmp_path: Path) -> None:
    write_phones(tmp_path / "phones", (AgentPhone("8000", "one"), AgentPhone("8001", "two")))
    assert (tmp_path / "phones").read_text() == "8000 one\n8001 two\n"
    assert (tmp_path / "phones").stat().st_mode & 0o777 == 0o600
