"""The table of what every stage keeps of the labels."""

import re


def test_errors_and_accuracies_of_every_stage(page: str) -> None:
    rows = re.findall(r"<tr><td>ABX error within speakers %</td><td>vq</td>(.*?)</tr>", page)
    assert rows[0].replace('<td class="n">', "").split("</td>")[:4] == ["10.0", "12.0", "14.0", "16.0"]
    assert re.search(r"<td>linear probe %</td><td>vq</td><td[^>]*></td><td[^>]*></td><td[^>]*>40.0</td>", page)


def test_stages_are_named_from_left_to_right(page: str) -> None:
    (head, *_) = re.findall(r'aria-label="stages of [^"]*"><table>\s*<thead><tr>(.*?)</tr>', page)
    assert re.findall(r"<th[^>]*>([^<]*)</th>", head) == ["measure", "model", "features", "encoder", "codes", "units"]
