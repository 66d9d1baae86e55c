"""`kgen.load`: where it keeps modules."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from kgen.loading import cache_folder


def test_no_folder_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("no folder")
    monkeypatch.delenv("KGEN_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(nowhere))
    monkeypatch.setenv("XDG_CACHE_HOME", str(nowhere))
    monkeypatch.setattr(tempfile, "tempdir", str(nowhere))
    with pytest.raises(OSError, match=r"no folder can keep modules \(.*\); set KGEN_CACHE_DIR"):
        cache_folder()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert cache_folder().parent == tmp_path and cache_folder().is_dir()
    monkeypatch.setenv("KGEN_CACHE_DIR", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
