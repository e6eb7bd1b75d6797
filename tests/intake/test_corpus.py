"""Every file of the corpus gets exactly the answer due, and the decoder lives on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from portal.image_quality import file_facts
from portal.refusals import Refused
from portal.sniff import HEAD_BYTES, sniff
from tests.corpus import ACCEPTED, Sample, samples
from tests.intake.conftest import Read
from worker.intake.decoder import Decoder
from worker.intake.limits import Limits
from worker.intake.record import Intake

CORPUS = list(samples())


@pytest.mark.parametrize("sample", CORPUS, ids=str)
def test_each_file_gets_the_answer_due(sample: Sample, read: Read, tmp_path: Path) -> None:
    answer = _answer(sample, read)
    if isinstance(answer, str):
        assert answer == sample.expected
        assert [path.name for path in tmp_path.iterdir()] == ["upload"]
    else:
        assert sample.expected == ACCEPTED
        assert sorted(file_facts(answer.flags)) == sorted(sample.flags)
        _assert_sane(answer, tmp_path)


@pytest.fixture(scope="module", autouse=True)
def _parent_lives_on(decoder: Decoder) -> Iterator[None]:
    """The process that forks the children is the same one after the whole corpus."""
    decoder.nursery.start()
    before = decoder.nursery.pid
    yield
    assert before is not None
    assert decoder.nursery.is_alive
    assert decoder.nursery.pid == before


def _answer(sample: Sample, read: Read) -> Intake | str:
    try:
        return read(sample.content())
    except Refused as refused:
        return refused.code


def _assert_sane(intake: Intake, folder: Path) -> None:
    array = np.load(folder / "array.npy", allow_pickle=False)
    assert array.shape == (intake.height_px, intake.width_px)
    assert array.dtype == (np.uint8 if intake.bit_depth == 8 else np.uint16)
    assert array.flags.c_contiguous
    assert array.min() < array.max()
    assert intake.window_low < array.max()
    assert intake.window_high > array.min()
    with Image.open(folder / "preview.jpg") as preview:
        assert preview.mode == "L"
        assert preview.size == (intake.width_px, intake.height_px)
        assert not preview.getexif()
        assert len(set(preview.get_flattened_data())) > 1


BOMBS = [
    sample for sample in CORPUS if sample.kind in (18, 19, 49, 50, 52, 53) and sample.expected != ACCEPTED
]


def test_bombs_are_refused_with_a_fraction_of_what_a_child_may_use(tmp_path: Path) -> None:
    """200 MiB over what the reader itself maps, and two seconds of processor time."""
    source = tmp_path / "upload"
    answers = {}
    with Decoder(Limits(memory_bytes=350 << 20, cpu_s=2)) as decoder:
        for sample in BOMBS:
            source.write_bytes(sample.content())
            kind = sniff(sample.content()[:HEAD_BYTES])
            with pytest.raises(Refused) as refused:
                decoder.decode(source, kind, tmp_path / "array.npy", tmp_path / "preview.jpg")
            answers[str(sample)] = refused.value.code
    assert answers == {str(sample): sample.expected for sample in BOMBS}
    assert len(BOMBS) > 40


def test_the_corpus_covers_the_kinds_it_promises() -> None:
    about_requests = {24, 25, 26, 27, 28, 29}
    promised = {*range(1, 32), *range(32, 37), *range(39, 44), 47} - about_requests
    assert promised <= {sample.kind for sample in CORPUS}


def test_names_of_samples_are_unique() -> None:
    names = [str(sample) for sample in CORPUS]
    assert len(names) == len(set(names))
