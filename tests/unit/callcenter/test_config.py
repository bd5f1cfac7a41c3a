"""Settings: where they come from, what is refused, and what is shown."""

from pathlib import Path

import pytest

from callcenter.config import Config, ConfigError
from callcenter.lines import Line, lines

pytestmark = pytest.mark.unit


def problems(path: Path | None = None, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        Config.load(path, environ)
    return refused.value.problems


def test_without_anything_the_defaults_hold() -> None:
    assert Config.load() == Config()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "callcenter.toml"
    file.write_text('mode = "normal"\n[web]\nport = 9000\nhost = "0.0.0.0"\n')
    config = Config.load(file, {"CALLCENTER_WEB_PORT": "9001", "PATH": "/bin"})
    assert (config.web.host, config.web.port) == ("0.0.0.0", 9001)


def test_every_problem_is_listed_with_its_path(tmp_path: Path) -> None:
    file = tmp_path / "callcenter.toml"
    file.write_text(
        'mood = "x"\n[web]\nport = 99999\n[ari]\nurl = "nonsense"\ncolour = 1\n[database]\nurl = "http://db/x"\n'
    )
    found = problems(file, {"CALLCENTER_RECORDINGS_VOLUMES": "/a:b", "CALLCENTER_TELEPHONE": "1"})
    paths = {problem.split(":")[0] for problem in found}
    assert {"mood", "web.port", "ari.url", "ari.colour", "database.url", "recordings.volumes.1"} <= paths
    assert "CALLCENTER_TELEPHONE: unknown setting" in found


def test_a_queue_may_have_a_wrap_up_of_its_own() -> None:
    config = Config.load(None, {"CALLCENTER_AGENTS_WRAP_UP": "0", "CALLCENTER_AGENTS_QUEUE_WRAP_UP": "cc-complaint=60"})
    assert (config.agents.wrap_up, dict(config.agents.seconds_of_queues())) == (0, {"cc-complaint": 60})


@pytest.mark.parametrize(
    "text", ["cc-nowhere=60", "cc-complaint", "cc-complaint=", "cc-complaint=6000", "cc-claims=-1"]
)
def test_a_wrap_up_of_no_queue_or_without_seconds_is_refused(text: str) -> None:
    (problem,) = problems(None, {"CALLCENTER_AGENTS_QUEUE_WRAP_UP": text})
    assert problem.startswith("agents.queue_wrap_up.0: not a queue and ")


def test_our_numbers_say_a_language_or_a_queue() -> None:
    environ = {"CALLCENTER_LINES_ENGLISH": "95519001:95519002", "CALLCENTER_LINES_DIRECT": "95519002=cc-claims"}
    config = Config.load(None, environ).lines
    assert lines(config.english, config.queues()) == {
        "95519001": Line("en", ""),
        "95519002": Line("en", "cc-claims"),
    }


@pytest.mark.parametrize("text", ["95519002", "95519002=", "95519002=cc-nowhere", "x=cc-claims"])
def test_a_number_that_leads_to_no_queue_of_ours_is_refused(text: str) -> None:
    (problem,) = problems(None, {"CALLCENTER_LINES_DIRECT": text})
    assert problem.startswith("lines.direct.0: not a number and a queue")


def test_a_secret_may_come_from_a_file_but_not_from_both(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("p4ss\n")
    assert Config.load(None, {"CALLCENTER_ARI_PASSWORD_FILE": str(secret)}).ari.password == "p4ss"
    both = {"CALLCENTER_ARI_PASSWORD_FILE": str(secret), "CALLCENTER_ARI_PASSWORD": "other"}
    assert problems(None, both) == [
        "CALLCENTER_ARI_PASSWORD_FILE: given together with CALLCENTER_ARI_PASSWORD: choose one"
    ]
    assert "cannot read" in problems(None, {"CALLCENTER_AMI_PASSWORD_FILE": str(tmp_path / "away")})[0]
    assert problems(None, {"CALLCENTER_WEB_HOST_FILE": str(secret)}) == ["CALLCENTER_WEB_HOST_FILE: unknown setting"]


def test_what_is_refused_never_repeats_a_secret() -> None:
    found = problems(None, {"CALLCENTER_DATABASE_URL": "mysql://me:s3cret@db/x"})
    assert "s3cret" not in "".join(found)


def test_a_file_that_is_no_toml_or_away_is_said(tmp_path: Path) -> None:
    file = tmp_path / "callcenter.toml"
    assert "cannot be read" in problems(file)[0]
    file.write_text("web = [")
    assert "not TOML" in problems(file)[0]
    file.write_text("web = 5")
    assert problems(file)[0].startswith("web: ")


def test_test_mode_is_refused_beside_a_real_address() -> None:
    found = problems(None, {"CALLCENTER_MODE": "test", "CALLCENTER_WEB_PUBLIC_URL": "https://95519.example.com"})
    assert len(found) == 1
    assert found[0].startswith("mode: test is refused")
    assert Config.load(None, {"CALLCENTER_MODE": "test", "CALLCENTER_WEB_PUBLIC_URL": "http://127.0.0.1:8080"})


@pytest.mark.parametrize(
    ("environ", "setting"),
    [
        ({"MAIL_HOST": "mail.example.com"}, "mail.sender"),
        ({"MAIL_SENDER": "nobody"}, "mail.sender"),
        ({"MAIL_SENDER": "a@b.c\nBcc: d@e.f"}, "mail.sender"),
        (
            {"MAIL_HOST": "mail.example.com", "MAIL_SENDER": "a@b.c", "MAIL_TLS": "none", "MAIL_PASSWORD": "x"},
            "mail.tls",
        ),
        ({"MAIL_CA_FILE": "ca.pem"}, "mail.ca_file"),
        ({"WEBHOOK_URL": "http://hooks.example.com/", "WEBHOOK_SECRET": "s" * 32}, "webhook.url"),
        ({"WEBHOOK_URL": "https://hooks.example.com/"}, "webhook.secret"),
        ({"WEBHOOK_URL": "https://hooks.example.com/", "WEBHOOK_SECRET": "short"}, "webhook.secret"),
    ],
)
def test_mail_and_webhooks_are_set_whole_and_safe(environ: dict[str, str], setting: str) -> None:
    found = problems(None, {f"CALLCENTER_{name}": value for name, value in environ.items()})
    assert [problem.split(":")[0] for problem in found] == [setting]


def test_mail_without_password_may_go_plainly_and_with_one_encrypted() -> None:
    plain = {
        "CALLCENTER_MAIL_HOST": "mail.example.com",
        "CALLCENTER_MAIL_SENDER": "a@b.c",
        "CALLCENTER_MAIL_TLS": "none",
    }
    assert Config.load(None, plain).mail.tls == "none"
    secure = plain | {"CALLCENTER_MAIL_TLS": "tls", "CALLCENTER_MAIL_PASSWORD": "x"}
    assert Config.load(None, secure).mail.tls == "tls"


def test_the_two_capture_volumes_must_differ() -> None:
    assert "must differ" in problems(None, {"CALLCENTER_RECORDINGS_VOLUMES": "/a:/a"})[0]


def test_secrets_are_masked_when_shown() -> None:
    environ = {
        "CALLCENTER_DATABASE_URL": "postgresql://cc:s3cret@db/callcenter",
        "CALLCENTER_AMI_PASSWORD": "s3cret",
    }
    shown = "\n".join(Config.load(None, environ).masked())
    assert "s3cret" not in shown
    assert "database.url = postgresql://cc:********@db/callcenter" in shown
    assert "ami.password = ********" in shown
    assert "ari.password = (empty)" in shown


def test_a_key_that_can_be_guessed_is_refused() -> None:
    assert problems(None, {"CALLCENTER_RECORDINGS_NUMBER_KEY": "95519"}) == [
        "recordings.number_key: a key has at least 32 characters"
    ]


def test_a_signing_key_that_is_none_is_refused_without_repeating_it() -> None:
    found = problems(None, {"CALLCENTER_RECORDINGS_SIGNING_KEY": "PRIVATE+KEY+x+1+secret"})
    assert found == ["recordings.signing_key: not a signed-note private key"]
