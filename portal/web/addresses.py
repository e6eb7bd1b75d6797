"""Numbers of rows in addresses."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST_ROW = 2**31 - 1


class RowNumber(IntegerConverter):
    """`<row:release_id>`: a number that a row can have; of any other address there is nothing."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, min=1, max=LARGEST_ROW)


def install(app: Flask) -> None:
    app.url_map.converters["row"] = RowNumber
