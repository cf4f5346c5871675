"""The commands before and after their libraries are loaded."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from agents import entry_points


@pytest.mark.parametrize("is_loaded", [True, False])
def test_ctrl_c_says_whether_anything_was_begun(
    is_loaded: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    def load(_: str) -> SimpleNamespace:
        return SimpleNamespace(main=interrupted) if is_loaded else interrupted()

    monkeypatch.setattr(entry_points, "import_module", load)
    assert entry_points.report() == 130
    assert capsys.readouterr().err == ("Stopped.\n" if is_loaded else "Stopped before anything was begun.\n")
