"""Test kit for those who run or extend Estafette: hostile peers, zones, a clock, golden dialogs.

It plays peers that real software cannot play on demand. Nothing inside Estafette imports it.
"""

from estafette.testing.behaviour import BreakTls, Close, Drip, Endless, Raw, Silence
from estafette.testing.clock import ManualClock
from estafette.testing.dialog import Dialog, DialogMismatch
from estafette.testing.mx import Conversation, ScriptedMx
from estafette.testing.zones import FakeZones, Lame, Mute, ServerFailure

__all__ = [
    "BreakTls", "Close", "Conversation", "Dialog", "DialogMismatch", "Drip", "Endless", "FakeZones", "Lame",
    "ManualClock", "Mute", "Raw", "ScriptedMx", "ServerFailure", "Silence",
]  # fmt: skip
