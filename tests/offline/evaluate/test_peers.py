"""Other programs that ours are compared with."""

import numpy as np
import pytest

from samplechop.offline.evaluate import peers
from samplechop.realtime.core.errors import UserError
from samplechop.realtime.core.events import DRUMS

SOUND = np.zeros(44_100, np.float32)


def test_peers_with_non_commercial_weights_say_so_and_run_where_somebody_installed_them(tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\ncase "$2" in *find_spec*) exit 0;; esac\necho noise\necho "[[0.5, 1], [1.0, 2]]"\n')
    python.chmod(0o755)
    monkeypatch.setenv(peers.PYTHON, str(python))
    assert peers.wanted_peers("madmom-beats", tuple(peers.PEERS)) == ["madmom-beats"]
    found = peers.markers("madmom-beats", SOUND)
    assert (found.times.tolist(), found.downbeats.tolist()) == ([0.5, 1.0], [True, False])
    assert "non-commercial" in peers.PEERS["adtof"].licence
    monkeypatch.setenv(peers.PYTHON, str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="leave adtof out"):
        peers.wanted_peers("adtof", tuple(peers.PEERS))


def test_drums_of_a_peer_are_named(monkeypatch):
    monkeypatch.setattr(peers, "_rows", lambda *_: ([[1.0, 38], [0.5, 35], [2.0, 42]], 0.1))
    hits = peers.drum_hits(SOUND)
    assert [DRUMS[label] for label in hits.labels] == ["kick", "snare", "hat"]
    assert peers.markers("adtof", SOUND).times.tolist() == [0.5, 1.0]
