"""Fixed emergency points of the synthetic district: where they stand and what stands beside them."""

from __future__ import annotations

from district.names import TOWNS
from district.networks import point
from district.plan import District, Row

# towns (index in names.TOWNS) whose parks hold the synthetic risk sources, in the order in which points are built
PARK_TOWNS = (10, 4, 8, 0, 6, 11)


def emergency_points(d: District) -> list[Row]:
    """Rows of point_register; two at least, so that one can fail while another stands."""
    n = max(2, round(3 * d.scale))
    return [
        point(d, f"SYNE{k + 1:02d}", f"合成应急固定点{k + 1:02d}（{TOWNS[PARK_TOWNS[k % len(PARK_TOWNS)]].name}）", "emergency",
              PARK_TOWNS[k % len(PARK_TOWNS)], "fixed")
        for k in range(n)
    ]  # fmt: skip
