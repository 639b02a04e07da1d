"""A short run of chaos; scripts/chaos makes long ones."""
import pytest

import chaos


@pytest.mark.parametrize("seed", [1, 2])
def test_every_task_is_recorded_once_whatever_dies_freezes_or_restarts(seed):
    chaos.batch(seed, tasks=200)
