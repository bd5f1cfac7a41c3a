"""Which of Asterisk's modules run: all that the dialplan and we need, none that can hold a call up. Pure."""

from callcenter.doctor.console import is_true
from callcenter.doctor.finding import Notes
from callcenter.doctor.switch import Switch

NEEDED = frozenset(
    f"{name}.so"
    for name in [
        "app_amd",
        "app_celgenuserevent",
        "app_chanspy",
        "app_confbridge",
        "app_dial",
        "app_exec",
        "app_mixmonitor",
        "app_playback",
        "app_queue",
        "app_read",
        "app_stack",
        "app_stasis",
        "app_verbose",
        "bridge_builtin_features",
        "bridge_holding",
        "bridge_simple",
        "bridge_softmix",
        "cel_custom",
        "chan_pjsip",
        "codec_alaw",
        "codec_resample",
        "codec_ulaw",
        "format_pcm",
        "format_sln",
        "func_callerid",
        "func_channel",
        "func_cut",
        "func_env",
        "func_logic",
        "func_strings",
        "func_timeout",
        "pbx_config",
        "res_agi",
        "res_ari",
        "res_ari_applications",
        "res_ari_asterisk",
        "res_ari_bridges",
        "res_ari_channels",
        "res_ari_endpoints",
        "res_ari_events",
        "res_ari_playbacks",
        "res_cdrel_custom",
        "res_http_websocket",
        "res_musiconhold",
        "res_pjsip",
        "res_pjsip_registrar",
        "res_pjsip_sdp_rtp",
        "res_pjsip_session",
        "res_pjsip_transport_websocket",
        "res_rtp_asterisk",
        "res_srtp",
        "res_stasis",
        "res_stasis_playback",
        "res_stasis_snoop",
        "res_timing_timerfd",
    ]
)

HARMFUL = {
    **{
        f"{name}.so": ("数据库变慢时会拖住通话", "a slow database would hold up calls")
        for name in (
            "cel_pgsql",
            "cel_odbc",
            "cel_tds",
            "cel_sqlite3_custom",
            "cdr_pgsql",
            "cdr_odbc",
            "cdr_adaptive_odbc",
        )
    },
    "res_stasis_device_state.so": (
        "会锁死 ARI 应用，直到 Asterisk 重启",
        "it can lock our ARI application until Asterisk is started again",
    ),
    "codec_a_mu.so": (
        "换人说话时录音可能没有声音",
        "a second speaker can be silent in the recording (docs/telephony.md)",
    ),
}


def judge(switch: Switch, notes: Notes) -> None:
    """Missing and harmful modules; a module list of `autoload` is only less safe."""
    if "Command" in switch.refused:
        return
    missing = sorted(NEEDED - switch.modules)
    notes.expect(
        "modules",
        not missing,
        f"所需的 {len(NEEDED)} 个模块{'缺少 ' + ', '.join(missing) if missing else '都在运行'}",
        f"of {len(NEEDED)} modules needed {'missing: ' + ', '.join(missing) if missing else 'all run'}",
        ("照抄 docker/asterisk/etc/modules.conf", "as in docker/asterisk/etc/modules.conf"),
    )
    for name in sorted(switch.modules & set(HARMFUL)):
        zh, en = HARMFUL[name]
        notes.fail(
            f"module-{name.removesuffix('.so')}",
            f"模块 {name} 在运行：{zh}",
            f"module {name} runs: {en}",
            (f"modules.conf 中设 noload = {name}", f"set noload = {name} in modules.conf"),
        )
    if is_true(switch.files["modules.conf"].get("modules", {}).get("autoload")):
        notes.warn(
            "autoload",
            f"autoload = yes：{len(switch.modules)} 个模块在运行，用不到的也可能出错或被攻击",
            f"autoload = yes: {len(switch.modules)} modules run; one that is not used can still fail or be attacked",
            ("照抄 docker/asterisk/etc/modules.conf", "as in docker/asterisk/etc/modules.conf"),
        )
