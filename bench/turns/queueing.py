"""How chats a core change with the number of machines that share the stores, by mean value analysis.

Sources: Reiser and Lavenberg, "Mean-value analysis of closed multichain queuing networks", 1980; stations of
several processors as in Seidmann et al., "Computerized closed queueing network models of flexible
manufacturing", 1987.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# The share of its processor that a single machine uses for its chats.
UTILISATION = 0.7


@dataclass(frozen=True, slots=True)
class TurnDemand:
    """Seconds of processor time that a turn needs of a machine (web and worker) and of the shared stores.

    `turn_s` is how long a turn lasts; `store_cores` is how many processors each store can use.
    """

    machine_s: float
    stores_s: Mapping[str, float]
    store_cores: Mapping[str, int]
    turn_s: float

    @property
    def chats_a_machine(self) -> int:
        """The chats that keep one machine as busy as UTILISATION says."""
        return max(1, round(UTILISATION * self.turn_s / self.machine_s))

    def limit_per_second(self, store: str) -> float:
        """Return the turns a second at which a store has no time left."""
        return self.store_cores[store] / self.stores_s[store]


def turns_per_second(demand: TurnDemand, machines: int, logs: int = 1) -> float:
    """Return the throughput of so many machines, each with the same number of chats that never pause.

    Turns are spread over `logs` Valkey servers.
    """
    stations = [(demand.machine_s / machines, float(machines))]
    delay_s = demand.turn_s
    for store, seconds in demand.stores_s.items():
        cores, servers = demand.store_cores[store], logs if store == "valkey" else 1
        stations.append((seconds / cores / servers, float(servers)))
        delay_s += seconds * (cores - 1) / cores
    queues, rate = [0.0] * len(stations), 0.0
    for chats in range(1, demand.chats_a_machine * machines + 1):
        # A chat finds at a station what is there on average with one chat less.
        waits = [seconds * (1.0 + queue) for (seconds, _), queue in zip(stations, queues, strict=True)]
        visits = (count * wait for (_, count), wait in zip(stations, waits, strict=True))
        rate = chats / (delay_s + sum(visits))
        queues = [rate * wait for wait in waits]
    return rate


def scale_of(demand: TurnDemand, machines: int, logs: int = 1) -> float:
    """Return the chats a core of so many machines and Valkey servers / those of one."""
    return turns_per_second(demand, machines, logs) / machines / turns_per_second(demand, 1)
