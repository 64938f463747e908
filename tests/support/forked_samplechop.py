"""The program `samplechop` with workers that are forked (tests/support/forked.py): a studio starts one for each record.

PYTHONPATH=. python tests/support/forked_samplechop.py studio FOLDER
"""

from unittest import mock

from samplechop.offline.cli.main import main
from samplechop.offline.studio import worker
from tests.support.forked import FORKED

if __name__ == "__main__":
    with mock.patch.object(worker, "get_context", lambda _: FORKED):
        main()
