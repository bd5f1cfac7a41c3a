"""The files of `site/` in Asterisk's configuration: all that differs from one instance to the next.

The shipped files in docker/asterisk/etc include these; nothing else may be written into them. The container's
entrypoint uses this module alone: it must need nothing but Python.
"""

from dataclasses import dataclass, field
from pathlib import Path

AMI_READ = "system,call,agent,user,dialplan,dtmf,reporting"
AMI_WRITE = "system,call,agent,originate,reporting,command"


@dataclass(frozen=True)
class AgentPhone:
    """One agent's two endpoints, desk-<extension> and web-<extension>. A static contact needs no registration."""

    extension: str
    password: str
    contact: str | None = None


@dataclass(frozen=True)
class Ports:
    """The ports of one instance; `trunk` is where the carrier (in the lab: a synthetic customer) listens."""

    sip: int
    rtp_first: int
    rtp_last: int
    http: int
    ami: int
    agi: int
    trunk: int


@dataclass(frozen=True)
class Site:
    """Everything that is particular to one Asterisk. It listens on `host`; a queue rings a phone for `ring` seconds.

    Where the others are, if not on `host` too: `agi_host` (the telephony process), `carrier` (host:port that calls to
    customers go to), `carrier_match` (addresses, separated by commas, whose calls are the carrier's). Behind NAT,
    `public` is the address that phones and the carrier see, `near` the network that is not behind it, `own` the address
    that Asterisk itself has there.
    """

    system_name: str
    directory: Path
    modules: str
    data: str
    sounds: Path
    music: Path
    ports: Ports
    ari_password: str = field(repr=False)
    ami_password: str = field(repr=False)
    host: str = "127.0.0.1"
    volumes: tuple[Path, Path] = (Path(), Path())
    phones: tuple[AgentPhone, ...] = ()
    fallback: tuple[str, ...] = ()
    ring: int = 20
    globals: tuple[tuple[str, str], ...] = ()
    agi_host: str = ""
    carrier: str = ""
    carrier_match: str = ""
    public: str = ""
    near: str = ""
    own: str = ""


def site_files(site: Site) -> dict[str, str]:
    """File name in `site/` → its text."""
    at = site.directory
    ports = site.ports
    return {
        "directories.conf": _lines(
            ("astetcdir", "/etc/asterisk"),
            ("astmoddir", site.modules),
            ("astdatadir", at / "data"),
            ("astagidir", at / "data/agi-bin"),
            ("astvarlibdir", at / "lib"),
            ("astdbdir", at / "lib"),
            ("astkeydir", at / "lib"),
            ("astcachedir", at / "lib/cache"),
            ("astspooldir", at / "spool"),
            ("astlogdir", at / "logs"),
            ("astrundir", at / "run"),
        ),
        "options.conf": _lines(("systemname", site.system_name)),
        "http.conf": _lines(("bindaddr", site.host), ("bindport", ports.http)),
        "ari.conf": "[cc]\n" + _lines(("type", "user"), ("read_only", "no"), ("password", site.ari_password)),
        "manager.conf": _lines(("bindaddr", site.host), ("port", ports.ami))
        + "\n[cc]\n"
        + _lines(("secret", site.ami_password), ("read", AMI_READ), ("write", AMI_WRITE), ("writetimeout", 1000)),
        "rtp.conf": _lines(("rtpstart", ports.rtp_first), ("rtpend", ports.rtp_last)) + _told_to_browsers(site),
        "musiconhold.conf": _lines(("directory", site.music)),
        "pjsip-udp.conf": _lines(("bind", f"{site.host}:{ports.sip}"), *_behind_nat(site)),
        "pjsip-trunk.conf": _lines(("contact", f"sip:{site.carrier or f'{site.host}:{ports.trunk}'}")),
        "pjsip-trunk-match.conf": _lines(("match", site.carrier_match or site.host)),
        "pjsip-agents.conf": agents_file(site.phones),
        "queue.conf": _lines(("timeout", site.ring)),
        "queue-fallback.conf": "".join(f"member => {member}\n" for member in site.fallback),
        "globals.conf": _lines(
            ("CC_AGI", f"agi://{site.agi_host or site.host}:{ports.agi}"),
            ("CC_REC1", site.volumes[0]),
            ("CC_REC2", site.volumes[1]),
            *site.globals,
        ),
    }


def agents_file(phones: tuple[AgentPhone, ...]) -> str:
    """The endpoints of all agents (site/pjsip-agents.conf); `module reload res_pjsip.so` takes it over."""
    return "\n".join(_endpoint(kind, phone) for phone in phones for kind in ("desk", "web"))


def write_phones(file: Path, phones: tuple[AgentPhone, ...]) -> None:
    """The passwords as `agents.phones` takes them, readable by the owner alone."""
    file.touch(mode=0o600)
    file.write_text("".join(f"{phone.extension} {phone.password}\n" for phone in phones))


def link_data(data: Path, shipped: Path, inside: str, sounds: Path) -> None:
    """Make Asterisk's data folder `data`: what the distribution has in `shipped` (seen by Asterisk as `inside`),
    with `sounds` in place of its sounds."""
    data.mkdir(parents=True, exist_ok=True)
    for link in data.iterdir():
        link.unlink()
    for entry in shipped.iterdir():
        (data / entry.name).symlink_to(sounds if entry.name == "sounds" else f"{inside}/{entry.name}")


def _behind_nat(site: Site) -> tuple[tuple[str, object], ...]:
    if not site.public:
        return ()
    outside = (("external_media_address", site.public), ("external_signaling_address", site.public))
    return (*outside, ("local_net", site.near)) if site.near else outside


def _told_to_browsers(site: Site) -> str:
    """A section of rtp.conf: ICE would offer a browser Asterisk's own address alone."""
    if not (site.public and site.own):
        return ""
    return f"\n[ice_host_candidates]\n{site.own} => {site.public},include_local_address\n"


def _endpoint(kind: str, phone: AgentPhone) -> str:
    name = f"{kind}-{phone.extension}"
    contact = f"contact = {phone.contact}\n" if phone.contact and kind == "desk" else ""
    return (
        f'[{name}](agent-{kind})\nauth = {name}\naors = {name}\ncallerid = "{phone.extension}" <{phone.extension}>\n'
        f"[{name}](agent-auth)\nusername = {name}\npassword = {phone.password}\n"
        f"[{name}](agent-aor)\n{contact}"
    )


def _lines(*settings: tuple[str, object]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in settings)
