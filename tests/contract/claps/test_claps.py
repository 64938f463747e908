from claps import ClapDetector

from samplechop.testing import contract_violations, read_excerpt


def test_it_keeps_the_contract():
    assert contract_violations(ClapDetector(), read_excerpt("applause.wav")) == []
