"""Numbers that are meant to be read, not plotted."""

import html


class Table:
    """Rows of text and numbers under a header, as HTML in a notebook and as text elsewhere."""

    def __init__(self, header: list[str], rows: list[list]):
        self.header = [_cell(word) for word in header]
        self.rows = [[_cell(value) for value in row] for row in rows]

    def __repr__(self):
        lines = [self.header, *self.rows]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.header))]
        return "\n".join(
            "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def _repr_html_(self):
        head = "".join(f'<th style="text-align:left">{html.escape(w)}</th>' for w in self.header)
        body = "".join(
            "<tr>"
            + "".join(f'<td style="text-align:left">{html.escape(w)}</td>' for w in row)
            + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def table(header: list[str], rows: list[list]) -> Table:
    """Show rows under a header. Raises ValueError where a row is longer or shorter than it."""
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row must have {len(header)} entries like the header, got {row}")
    return Table(header, rows)


def _cell(value) -> str:
    if hasattr(value, "tolist"):  # a tensor, a NumPy array, a NumPy number
        value = value.tolist()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(tuple(value)) if isinstance(value, tuple) else str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
