import os
import threading

import pytest

from samplechop.offline.labels.midi import MOST_BYTES, read_messages
from samplechop.realtime.core.errors import UserError


def test_a_pipe_is_no_midi_file(tmp_path):
    os.mkfifo(tmp_path / "a.mid")
    ended = threading.Timer(20, os._exit, (1,))  # opening one waits for ever
    ended.start()
    try:
        with pytest.raises(UserError, match="no regular file"):
            read_messages(tmp_path / "a.mid")
    finally:
        ended.cancel()


def test_a_midi_file_of_gigabytes_is_refused_unread(tmp_path):
    with (tmp_path / "a.mid").open("wb") as file:
        file.truncate(MOST_BYTES << 10)
    with pytest.raises(UserError, match="larger than"):
        read_messages(tmp_path / "a.mid")
