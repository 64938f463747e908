from claps import ClapDetector

from samplechop.offline.lab.bench.contract import broken, excerpt


def test_it_keeps_the_contract():
    assert broken(ClapDetector(), excerpt("applause.wav")) == []
