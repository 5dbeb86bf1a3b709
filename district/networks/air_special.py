"""Hourly stations of the special air networks: logistics corridor, vertical profiles, VOCs. One platform data set carries all."""

from __future__ import annotations

from district.networks import Base, Feed, _air_corridor, _air_profile, _air_voc
from district.networks._air_special import SOURCE, Days

KINDS = {**_air_corridor.KINDS, **_air_profile.KINDS, **_air_voc.KINDS}


def make(base: Base) -> Feed:
    """What the hourly stations send over the span, and what is planted in it."""
    feed, days = Feed(), Days(base.d)
    for part in (_air_corridor, _air_profile, _air_voc):
        part.add(base.d, feed, days)
    feed.platform[SOURCE] = days.pages()
    return feed
