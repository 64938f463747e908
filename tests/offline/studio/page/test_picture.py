"""The picture of the README: what is decided for it can be decided."""

from tools.studio_picture import decided


def test_the_picture_shows_a_record_with_decisions(opened):
    page = opened()
    assert decided(page).size == (1280, 800)
    assert page.get_by_role("button", name="Undo move").is_visible()
