"""The cache forgets on time and never grows beyond its size."""

from pacnum_api.platform.auth.ttl_cache import TtlCache


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_an_entry_dies_at_its_deadline() -> None:
    clock = Clock()
    cache: TtlCache[str, int] = TtlCache(4, clock=clock)
    cache.put("a", 1, seconds=10)
    clock.seconds = 9.9
    assert cache.get("a") == 1
    clock.seconds = 10
    assert cache.get("a") is None
    assert len(cache) == 0


def test_the_oldest_written_gives_way() -> None:
    cache: TtlCache[str, int] = TtlCache(2)
    cache.put("a", 1, seconds=10)
    cache.put("b", 2, seconds=10)
    cache.put("a", 3, seconds=10)
    cache.put("c", 4, seconds=10)
    assert [cache.get(name) for name in "abc"] == [3, None, 4]
    assert len(cache) == 2


def test_nothing_is_kept_for_no_time() -> None:
    cache: TtlCache[str, int] = TtlCache(2)
    cache.put("a", 1, seconds=10)
    cache.put("a", 2, seconds=0)
    assert cache.get("a") is None


def test_entries_can_be_forgotten() -> None:
    cache: TtlCache[str, int] = TtlCache(2)
    cache.put("a", 1, seconds=10)
    cache.put("b", 2, seconds=10)
    cache.drop("a")
    cache.drop("never there")
    assert cache.get("a") is None
    cache.clear()
    assert cache.get("b") is None


def test_the_dead_go_when_others_come() -> None:
    clock = Clock()
    cache: TtlCache[str, int] = TtlCache(10, clock=clock)
    cache.put("a", 1, seconds=1)
    cache.put("b", 2, seconds=1)
    cache.put("c", 3, seconds=10)
    clock.seconds = 5
    cache.put("d", 4, seconds=1)
    assert len(cache) == 2
    assert (cache.get("c"), cache.get("d")) == (3, 4)
