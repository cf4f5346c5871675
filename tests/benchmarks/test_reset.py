from __future__ import annotations

import pytest

from benchmarks.reset import environments_are_isolated, make_dirty, measure_resets, table
from webrl_gym.sites.worlds import World
from webrl_gym.types import Site


@pytest.mark.parametrize("site", Site)
def test_a_dirty_site_is_put_back(site: Site, world: World) -> None:
    store = world.store(site)
    clean = store.dump_hash()
    assert make_dirty(store) > 0
    assert store.changed
    store.reset()
    assert not store.changed
    assert store.dump_hash() == clean


def test_every_site_is_in_the_table() -> None:
    resets = measure_resets(2)
    assert set(resets) == {*Site, "all"}
    assert resets["all"]["rows"] == sum(resets[site]["rows"] for site in Site)
    shown = table(
        {
            "reset": resets,
            "isolated": environments_are_isolated(),
            "start_s": {"from_nothing": 1.5, "from_cache": 0.5},
            "published_refresh_s": (180, 300),
        }
    )
    assert "published: 3 to 5 minutes" in shown
    assert "isolated from each other: yes" in shown
    assert all(f"\n{site} " in shown for site in Site)
