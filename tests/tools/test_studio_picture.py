from tools.studio_picture import main


def test_it_wants_one_path(capsys):
    assert main([]) == 2
    assert "OUT.png" in capsys.readouterr().err
