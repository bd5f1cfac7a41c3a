"""Mandarin (and English) speech by espeak-ng: the hotline's prompts and synthetic customers' voices.

All prompt texts are in PROMPTS and nowhere else. Files are made once per text; a changed text makes a new file.
The hotline's sounds are A-law, the trunk's codec, and must stay so: docs/telephony.md, "A trap in Debian's Asterisk".
"""

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from callcenter.lab.turn import turn

PROMPTS: dict[str, tuple[str, str]] = {
    # name: (zh, en). The notice is short: a caller with all our processes dead must be in the queue within 5 s.
    "notice": ("九五五一九您好，通话将被录音。", "Welcome to 95519. This call is recorded."),
    "notice-out": (  # who, that it is recorded, what for, and where to turn (E-13)
        "您好，九五五一九回访，为核实投保情况，通话将被录音，查询个人信息请拨九五五一九。",
        "This is 95519. This call is recorded to verify your policy. For your data, call 95519.",
    ),
    "menu": (
        "理赔请按一，保单服务请按二，投诉请按三，人工请按零。",
        "For claims press 1, for policy service press 2, to complain press 3, for an agent press 0.",
    ),
    "connecting": ("正在为您接通上次为您服务的坐席。", "Connecting you to the agent who helped you last."),
    "queue-offer": (
        "坐席仍在忙，请继续等待，留言请按星号键。",
        "Our agents are still busy. Please hold, or press star to leave a message.",
    ),
    "complaint-registered": (
        "您的投诉已登记，正在为您转接人工坐席。",
        "Your complaint has been registered. An agent will be with you.",
    ),
    "survey": (
        "请为本次服务评价，非常满意请按一，满意请按二，一般请按三，不满意请按四，非常不满意请按五。",
        "Please rate this call, from 1, very satisfied, to 5, very dissatisfied.",
    ),
    "survey-again": ("请按一到五。", "Please press 1 to 5."),
    "survey-thanks": ("感谢您的评价，再见。", "Thank you. Goodbye."),
    "thanks": ("感谢您的来电，再见。", "Thank you for calling. Goodbye."),
    "message-busy": (
        "坐席繁忙，请在提示音后留言，我们会尽快回电。",
        "All agents are busy. Leave a message after the tone. We will call you back.",
    ),
    "message-closed": (
        "现在是非工作时间，请在提示音后留言，我们会尽快回电。",
        "We are closed. Leave a message after the tone. We will call you back.",
    ),
    "sorry-out": ("抱歉打扰您，稍后再与您联系，再见。", "Sorry to have bothered you. We will call again. Goodbye."),
}
ENGLISH_OFFER = ("menu-english", "For English, press 9.")
"""Said in English to who hears Chinese: the same file for all languages."""
DIGITS = "零一二三四五六七八九"
"""Spoken by SayDigits in Chinese; English has its own in the distribution's package."""
VOICES = {"zh": "cmn", "en": "en-us"}
WORDS_A_MINUTE = {"cmn": 260, "en-us": 190}
TRIM = ("silence", "1", "0.01", "0.5%", "reverse", "silence", "1", "0.01", "0.5%", "reverse")
TICK = ("synth", "0.1", "sine", "700", "gain", "-20")
BEEP = ("synth", "0.3", "sine", "950", "gain", "-9")
HOLD_MUSIC = (
    "synth", "2", "pluck", "C4", "pluck", "E4", "pluck", "G4", "remix", "-",
    "fade", "q", "0.05", "2", "0.3", "gain", "-15", "repeat", "14",
)  # fmt: skip

TONES = {
    "cc/beep": BEEP,
    "cc/tick": TICK,
    "music/hold": HOLD_MUSIC,
    # names that Asterisk's own transfer uses; without pbx-transfer an attended transfer is not even tried
    "beep": BEEP,
    "beeperr": BEEP,
    "pbx-transfer": TICK,
    "pbx-invalid": BEEP,
}

Progress = Callable[[str], None]


class NoSpeechError(Exception):
    """espeak-ng or sox is missing or fails; the text says what to do."""


def make_prompts(folder: Path, progress: Progress) -> Path:
    """Make the sound files that the dialplan names, as <folder>/<language>/cc/<name>.alaw; returns `folder`.

    The folder stands for Asterisk's own sounds folder, so a prompt is called cc/<name> everywhere.
    """
    _require_tools()
    with turn(folder):
        _make(folder, progress)
    return folder


def _make(folder: Path, progress: Progress) -> None:
    wanted = [
        (folder / language / "cc" / f"{name}.alaw", language, text)
        for name, texts in PROMPTS.items()
        for language, text in zip(VOICES, texts, strict=True)
    ]
    name, text = ENGLISH_OFFER
    wanted.append((folder / "cc" / f"{name}.alaw", "en", text))
    wanted += [(folder / "zh/digits" / f"{digit}.alaw", "zh", word) for digit, word in enumerate(DIGITS)]
    missing = [(path, language, text) for path, language, text in wanted if _stale(path, text)]
    if missing:
        progress(f"Prompts: speaking {len(missing)} texts")
    for path, language, text in missing:
        _sox(_spoken(text, language), path)
        _mark(path).write_text(_digest(text))
    for name, effects in TONES.items():
        path = folder / f"{name}.alaw"
        if _stale(path, " ".join(effects)):
            _synthesised(effects, path)
            _mark(path).write_text(_digest(" ".join(effects)))


def speak_alaw(text: str, folder: Path, *, voice: str = "cmn", lead: float = 0.0) -> Path:
    """One sentence as headerless A-law, 8 kHz, after `lead` seconds of silence; made once per text and voice."""
    _require_tools()
    path = folder / f"{_digest(f'{voice}|{lead}|{text}')}.al"
    if not path.exists():
        _sox(_spoken(text, voice), path, effects=("pad", str(lead), "0"))
    return path


def _spoken(text: str, voice: str) -> bytes:
    name = VOICES.get(voice, voice)
    command = ["espeak-ng", "-v", name, "-s", str(WORDS_A_MINUTE.get(name, 200)), "--stdout", text]
    return _run(command)


def _run(command: list[str], given: bytes | None = None) -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise NoSpeechError(f"{command[0]} failed ({words[-1] if words else done.returncode}): is the disk full?")
    return done.stdout


def _sox(wave: bytes, path: Path, *, effects: tuple[str, ...] = ()) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    form = ("-r", "8000", "-c", "1", "-t", "al")
    _run(["sox", "-D", "-t", "wav", "-", *form, str(unfinished), "gain", "-n", "-6", *TRIM, *effects], wave)
    unfinished.rename(path)


def _synthesised(effects: tuple[str, ...], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    _run(["sox", "-D", "-R", "-n", "-r", "8000", "-c", "1", "-t", "al", str(unfinished), *effects])
    unfinished.rename(path)


def _require_tools() -> None:
    missing = [tool for tool in ("espeak-ng", "sox") if shutil.which(tool) is None]
    if missing:
        raise NoSpeechError(f"{' and '.join(missing)} missing: apt-get install {' '.join(missing)}")


def _stale(path: Path, text: str) -> bool:
    return not path.exists() or not _mark(path).exists() or _mark(path).read_text() != _digest(text)


def _mark(path: Path) -> Path:
    return path.with_name(f".{path.name}.text")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
