"""The provider: start, stop, kill and start again, many side by side, and a configuration without complaints."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter.lab.asterisk import Asterisk, AsteriskAddress
from callcenter.lab.console import Console
from callcenter.lab.root import AsteriskTree

pytestmark = pytest.mark.asterisk


def test_the_shipped_configuration_loads_without_a_warning(new_asterisk: Callable[..., Asterisk]) -> None:
    instance = new_asterisk()
    instance.start()
    told = instance.address.log.read_text().splitlines()
    instance.stop()
    assert [line for line in told if re.search(r"\b(WARNING|ERROR)\[\d+\]( |:)", line)] == []


def test_every_listed_module_runs(asterisk: AsteriskAddress) -> None:
    listed = re.findall(r"^load = (\S+)", Path("docker/asterisk/etc/modules.conf").read_text(), re.MULTILINE)
    with Console(asterisk.console) as console:
        shown = console.command("module show")
    running = set(re.findall(r"^(\S+\.so) .*\sRunning\s", shown, re.MULTILINE))
    assert set(listed) - running == set()


def test_an_instance_comes_back_on_the_same_ports_after_kill_9(new_asterisk: Callable[..., Asterisk]) -> None:
    instance = new_asterisk()
    instance.start()
    first = instance.pid
    instance.kill()
    assert instance.pid is None
    instance.restart()
    assert instance.pid not in (None, first)
    with instance.console() as console:
        assert instance.site.system_name in console.command("core show settings")
    instance.stop()
    assert instance.pid is None


def test_another_process_can_take_an_instance_up(new_asterisk: Callable[..., Asterisk]) -> None:
    instance = new_asterisk()
    instance.start()
    other = Asterisk.reopen(instance.site.directory)
    assert (other.site, other.address, other.pid) == (instance.site, instance.address, instance.pid)
    other.stop()


def test_two_instances_run_side_by_side_and_leave_no_mount_behind(
    new_asterisk: Callable[..., Asterisk], asterisk_tree: AsteriskTree
) -> None:
    one, two = new_asterisk(), new_asterisk()
    one.start()
    two.start()
    assert one.pid != two.pid
    one.stop()
    two.stop()
    assert str(asterisk_tree.root) not in Path("/proc/mounts").read_text()


def test_new_agents_reach_a_running_asterisk(new_asterisk: Callable[..., Asterisk]) -> None:
    from callcenter.lab.site import AgentPhone

    instance = new_asterisk()
    instance.start()
    instance.write_phones((AgentPhone("8123", "secret"),))
    with instance.console() as console:
        shown = console.command("pjsip show endpoints")
    assert "desk-8123" in shown
    assert "desk-8001" not in shown
    instance.stop()
