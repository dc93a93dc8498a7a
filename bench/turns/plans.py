"""The sizes of a full and of a quick run."""

from dataclasses import dataclass, fields, replace

from bench.turns.loads import Load

PAUSE_S = 0.3
FAULTS = ("error", "stall", "malformed", "cut")


@dataclass(frozen=True, slots=True)
class Plan:
    """The loads of all rows, and the number of rounds."""

    rounds: int
    idle_one: Load
    idle: Load
    burst: Load
    fanout: Load
    busy: Load
    slo_load: Load
    slo_most_chats: int
    thousand: Load
    streams: Load
    idle_sockets: int
    long_messages: int
    history_turns: int
    conversations: tuple[int, int]
    fault_chats: Load
    heavy_user: Load
    machine: Load

    @property
    def loads(self) -> list[Load]:
        """All loads of the plan."""
        values = (getattr(self, each.name) for each in fields(self))
        return [value for value in values if isinstance(value, Load)]

    @property
    def models(self) -> list[str]:
        """All model names, those that fail included."""
        broken = [self.fault_chats.faulty(fault) for fault in FAULTS]
        return [*{load.model: None for load in self.loads}, *broken]


FULL = Plan(
    rounds=3,
    idle_one=Load("idle, one model", 1, panel_size=1, repeats=20, pause_s=PAUSE_S),
    idle=Load("idle", 1, repeats=20, pause_s=PAUSE_S),
    burst=Load("burst of 8", 8, repeats=2, pause_s=PAUSE_S),
    fanout=Load("64 chats", 64, tokens=200, spread_s=1.0),
    busy=Load("24 chats", 24, tokens=100, spread_s=1.0),
    slo_load=Load("slo_load", 1, tokens=200, spread_s=1.0),
    slo_most_chats=256,
    thousand=Load("1,000 chats", 1_000, panel_size=1, tokens=120, rate=20.0, spread_s=6.0),
    streams=Load("256 streams", 64, tokens=200),
    idle_sockets=1_000,
    long_messages=1_000,
    history_turns=20,
    conversations=(10_000, 1_000_000),
    fault_chats=Load("beside a fault", 8, panel_size=3, tokens=150),
    # 12 long questions, and two of a newcomer.
    heavy_user=Load("a heavy user and a newcomer", 14, panel_size=1, tokens=100, rate=20.0),
    machine=Load("chats of each machine", 8, tokens=200, spread_s=1.0, repeats=2),
)
QUICK = Plan(
    rounds=1,
    idle_one=replace(FULL.idle_one, repeats=5),
    idle=replace(FULL.idle, repeats=5),
    burst=replace(FULL.burst, repeats=1),
    fanout=replace(FULL.fanout, tokens=60),
    busy=replace(FULL.busy, chats=12, tokens=40),
    slo_load=replace(FULL.slo_load, tokens=60),
    slo_most_chats=32,
    thousand=replace(FULL.thousand, chats=200, tokens=40, spread_s=1.0),
    streams=replace(FULL.streams, chats=16, tokens=40),
    idle_sockets=100,
    long_messages=200,
    history_turns=5,
    conversations=(1_000, 20_000),
    fault_chats=replace(FULL.fault_chats, chats=4, tokens=50),
    heavy_user=replace(FULL.heavy_user, chats=8, tokens=40),
    machine=replace(FULL.machine, chats=4, tokens=60, repeats=1),
)
