"""For the tests of detectors of your own: what the host asks of every detector.

from samplechop.testing import contract_violations, read_excerpt

def test_it_keeps_the_contract():
    assert contract_violations(ClapDetector(), read_excerpt("applause.wav")) == []
"""

from samplechop.offline.evaluate.detector_contract import contract_violations, read_excerpt

__all__ = ["contract_violations", "read_excerpt"]
