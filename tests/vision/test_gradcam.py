from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.needs import needs_torch
from tests.vision.limbs import broken_limb
from worker.commands import predict

pytestmark = needs_torch
pytest.importorskip("torch", reason="needs torch: ./run install torch")

import torch  # noqa: E402

from worker.vision.gradcam import gradcam, gradcam_heatmap  # noqa: E402
from worker.vision.networks.registry import build_reader  # noqa: E402
from worker.vision.networks.tiny_network import TinyNetwork  # noqa: E402
from worker.vision.preprocess import prepare  # noqa: E402
from worker.vision.tiny import tiny_weights  # noqa: E402


@pytest.fixture
def image_file(tmp_path: Path) -> Path:
    Image.fromarray(broken_limb()).save(tmp_path / "limb.png")
    return tmp_path / "limb.png"


@pytest.mark.parametrize("name", ["plain-cnn", "mobilenet-v3"])
def test_each_image_is_explained_on_its_own(name: str) -> None:
    torch.manual_seed(0)
    network = build_reader(name)
    torch.nn.init.normal_(network.image.weight)
    images = torch.rand(3, 1, 64, 64)
    together = gradcam(network, images.clone())
    assert together.shape == (3, 2, 2)
    assert ((together >= 0) & (together <= 1)).all()
    alone = np.concatenate([gradcam(network, image[None].clone()) for image in images])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_what_raised_the_probability_is_hot() -> None:
    network = TinyNetwork()  # its probability rises with brightness
    network.load_state_dict({name: torch.from_numpy(value) for name, value in tiny_weights(0).items()})
    image = torch.zeros(1, 1, 64, 64)
    image[0, 0, 16:24, 40:48] = 1
    (cells,) = gradcam(network, image)
    assert int(cells.argmax()) == 2 * 8 + 5
    assert (cells.max(), cells.min()) == (1, 0)


def test_nothing_is_hot_where_nothing_raised_the_probability() -> None:
    network = build_reader("plain-cnn")
    with torch.no_grad():
        network.image.weight.zero_()
        network.map_weight.zero_()
    assert not gradcam(network, torch.rand(1, 1, 64, 64)).any()


def test_explanation_lies_over_the_whole_image(tiny) -> None:
    prepared = prepare(broken_limb(400, 200), 0, 255, tiny.card.preprocessing)
    heatmap = gradcam_heatmap(TinyNetwork(), prepared, "cpu")
    assert heatmap.shape == (64, 128)
    assert heatmap.dtype == np.uint8


def test_gradcam_pictures_go_to_their_folder_and_differ_from_the_map(
    image_file: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    pictures = []
    for kind in ("gradcam", "map"):
        out = tmp_path / "pictures" / kind
        asked = ["--release", str(tiny_folder), "--heatmap", kind, "--out", str(out), str(image_file)]
        assert predict.main(asked) == 0
        (picture,) = out.iterdir()
        pictures.append(picture.read_bytes())
    assert pictures[0] != pictures[1]


def test_missing_torch_is_said_plainly(
    image_file: Path,
    tiny_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "worker.vision.torch_engine", None)
    asked = ["--release", str(tiny_folder), "--heatmap", "gradcam", "--out", str(tmp_path / "out")]
    assert predict.main([*asked, str(image_file)]) == 2
    assert "Grad-CAM needs torch" in capsys.readouterr().err
