"""Why a file was not taken in: stable codes, and the sentence staff read for each."""

MAX_MEGAPIXELS = 50  # rows x columns as stored; the largest plain X-ray plates are under 20 million

REASONS: dict[str, str] = {
    # seen from the first bytes, at upload
    "empty": "The file is empty. Export the image again and upload the new file.",
    "unsupported_type": "This kind of file is not read here. Upload the X-ray as DICOM, JPEG, PNG or TIFF.",
    "executable_preamble": "The file carries the start of a program or document in front of the image. "
    "Tell your IT staff where it came from, and export the image again from the original system.",
    "not_part_10": "The DICOM file lacks its standard file header. "
    "Export it again as a complete DICOM file (Part 10).",
    # any image
    "truncated": "The file ends before the image is complete. Copy or export it again.",
    "corrupt": "The file is damaged and cannot be read. Export the image again.",
    "too_complex": "The file holds far more parts than an X-ray needs. "
    "Export the image again without private or nested data.",
    "too_many_pixels": f"The image has more than {MAX_MEGAPIXELS} million pixels. "
    "Export it at a smaller size.",
    "dimensions": "The size of the image is missing, contradictory, under 32 pixels a side, "
    "or more than ten times longer than wide. Upload the whole X-ray.",
    "no_contrast": "All pixels of the image have the same value. Check the exposure and export it again.",
    "multi_image": "The file holds several images. Upload each X-ray as a file of its own.",
    "unsupported_encoding": "The image is stored in a variant that is not read here. "
    "Export it as plain 8 or 16 bit greyscale PNG, as 8 bit JPEG, or as DICOM.",
    "cmyk": "The image is stored in printing colours (CMYK). Export it in greyscale.",
    # DICOM
    "transfer_syntax": "The DICOM file is compressed or ordered in a way that is not read here. "
    "Export it uncompressed, or as JPEG lossless, JPEG-LS, JPEG 2000 or RLE.",
    "modality": "The file is not a plain X-ray (CR or DX). Only plain X-rays are read.",
    "document": "The DICOM file holds a document or a model, not an X-ray. Upload the image itself.",
    "no_image": "The DICOM file holds no image. Upload the X-ray itself, not its report or index.",
    "multi_frame": "The DICOM file holds several frames. Upload a single X-ray.",
    "photometric": "The image is in colour or uses a palette. Upload the greyscale original.",
    "bit_depth": "The grey values are stored with a bit depth that is not read here (8 to 16 bits are).",
    "rescale": "The file says how to scale its grey values, but the scale is unusable. Export it again.",
    # our own storage
    "stored_damaged": "The stored file is missing or has changed on the disk. "
    "Upload it again, and tell an admin to check the disk.",
    # the throw-away decoder
    "decoder_crashed": "The image reader stopped unexpectedly on this file. "
    "Export the image again; if that fails too, tell your administrator.",
    "decoder_timeout": "Reading this file took too long. Export the image again, uncompressed if possible.",
    "decoder_memory": "Reading this file needs too much memory. Export the image again at a smaller size.",
}


class Refused(Exception):
    """A file that is not taken in: `code` for machines, `reason` for staff (no paths, no patient data)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.reason = REASONS[code]
