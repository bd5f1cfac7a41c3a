"""Which call an event of the switch belongs to, and what it tells of it. Keeps no state but the ledger's; must never
do I/O."""

from collections import OrderedDict
from collections.abc import Iterable

from agi import names
from agi.ari import events
from agi.ari.events import Event
from agi.ari.shapes import Channel
from callcenter.calls import cel, channels, facts, live
from callcenter.calls.call import Call, Direction, direction_of
from callcenter.calls.cel import Row
from callcenter.calls.facts import Source
from callcenter.calls.ledger import Ledger
from callcenter.ids import CallId

MAX_PHONES = 2000
"""Phones whose channel began outside any call, kept until they dial a customer or are transferred into a call."""


class Hearing:
    """Both accounts of the switch, told into one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._phones: OrderedDict[str, Row] = OrderedDict()

    # What happens now

    def event(self, event: Event) -> CallId | None:
        """Takes in one ARI event; the call it told of, None when it is no call's."""
        channel = live.channel_of(event)
        if channel is None or not channels.is_leg(channel.name):
            return None
        call = self.ledger.of_channel(channel.id) or self._joined(event, channel)
        if call is None:
            return None
        for fact in live.told(event):
            self.ledger.hear(call.id, fact, Source.ARI)
        return call.id

    def adopt(self, channel: Channel) -> CallId | None:
        """A living channel found in a list: its call and leg are begun when they are not known (after a gap)."""
        if not channels.is_leg(channel.name):
            return None
        call = self.ledger.of_channel(channel.id)
        if call is None:
            call = self._named(channel.account) or self._begun(channel)
            if call is None:
                return None
            self._leg(call, channel)
        at = live.moment(channel.created)
        if channel.state == "Up":
            self.ledger.hear(call.id, facts.LegAnswered(at, channel.id), Source.ARI)
        return call.id

    def _joined(self, event: Event, channel: Channel) -> Call | None:
        call = self._dialled(event) or self._named(channel.account) or self._begun(channel)
        if call is not None:
            self._leg(call, channel)
        return call

    def _leg(self, call: Call, channel: Channel) -> None:
        at = live.moment(channel.created)
        role = channels.role(call, channel.id, channel.name)
        self.ledger.hear(call.id, facts.LegStarted(at, channel.id, channel.name, role), Source.ARI)
        if call.cc_call == channel.id and call.direction is Direction.INBOUND:
            self.ledger.hear(call.id, live.arrived(channel), Source.ARI)

    def _begun(self, channel: Channel) -> Call | None:
        context = names.CONTEXT_IN if _came_in(channel) else ""
        if channels.begins_call(channel.id, channel.name, context):
            name = channel.id
        elif channels.is_trunk(channel.name):
            name = channel.account
        else:
            return None
        if not channels.is_call_name(name):
            return None
        direction = direction_of(name) if name == channel.id else _outward(name)
        return self.ledger.begin(name, direction, live.moment(channel.created))

    def _dialled(self, event: Event) -> Call | None:
        """The call of the channel that dialled this one; a phone that dials a customer begins one."""
        if not isinstance(event, events.Dial) or event.caller is None:
            return None
        caller = event.caller
        known = self.ledger.of_channel(caller.id)
        if known is not None or not (channels.is_phone(caller.name) and channels.is_trunk(event.peer.name)):
            return known
        if not channels.is_call_name(caller.id):
            return None
        call = self.ledger.begin(caller.id, Direction.CLICK, live.moment(caller.created))
        self._leg(call, caller)
        self.ledger.hear(call.id, facts.LegAnswered(live.moment(event.at), caller.id), Source.ARI)
        return call

    def _named(self, account: str) -> Call | None:
        return self.ledger.call(account) if account else None

    # What the log tells later

    def names(self, rows: Iterable[Row]) -> set[str]:
        """The calls that rows may be about and that are not in the ledger."""
        named = {name for row in rows for name in (row.linked, row.account) if channels.is_call_name(name)}
        return {name for name in named if self.ledger.call(name) is None}

    def row(self, row: Row) -> CallId | None:
        """Takes in one row of the event log; the call it told of, None when it is no call's."""
        if row.kind == "LINKEDID_END":
            ended = self.ledger.call(row.linked)
            if ended is not None:
                self._hear(ended, row)
            return None if ended is None else ended.id
        if not channels.is_leg(row.name):
            return None
        call = self.ledger.of_channel(row.channel) or self._row_joined(row)
        if call is None:
            return None
        self._hear(call, row)
        return call.id

    def _hear(self, call: Call, row: Row) -> None:
        first = row.kind in ("CHAN_START", names.EVENT_ARRIVED)
        if first and call.cc_call == row.channel and call.direction is Direction.INBOUND:
            self.ledger.hear(call.id, cel.arrived(row), Source.CEL)
        for fact in cel.told(row):
            self.ledger.hear(call.id, fact, Source.CEL)

    def _row_joined(self, row: Row) -> Call | None:
        call = self.ledger.call(row.linked) or self.ledger.call(row.account)
        if call is None and channels.is_call_name(row.linked):
            call = self._row_began(row)
        if call is None:
            if row.kind == "CHAN_START" and channels.is_phone(row.name):
                self._phones[row.channel] = row
                if len(self._phones) > MAX_PHONES:
                    self._phones.popitem(last=False)
            return None
        self._row_leg(call, row)
        return call

    def _row_began(self, row: Row) -> Call | None:
        """A customer's first row; the switch's log may begin in the middle of a call."""
        if row.channel == row.linked and channels.begins_call(row.channel, row.name, row.context):
            return self.ledger.begin(row.linked, direction_of(row.linked), row.at)
        if not channels.is_trunk(row.name):
            return None
        dialler = self._phones.get(row.linked)
        if dialler is None:
            return self.ledger.begin(row.linked, direction_of(row.linked), row.at) if row.account else None
        call = self.ledger.begin(row.linked, Direction.CLICK, dialler.at)
        self._row_leg(call, dialler)
        return call

    def _row_leg(self, call: Call, row: Row) -> None:
        began = self._phones.pop(row.channel, row)
        role = channels.role(self.ledger.calls[call.id], row.channel, row.name)
        self.ledger.hear(call.id, facts.LegStarted(began.at, row.channel, row.name, role), Source.CEL)


def _outward(name: str) -> Direction:
    """A trunk leg of a call named after another channel: that one dialled it."""
    return Direction.CLICK if direction_of(name) is Direction.INBOUND else direction_of(name)


def _came_in(channel: Channel) -> bool:
    """A trunk channel whose id the switch chose and that is not being dialled: later events show a later context."""
    return channels.is_trunk(channel.name) and channel.state != "Down" and channel.context == names.CONTEXT_IN
