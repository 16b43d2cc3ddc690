#!/bin/sh
# A hook of dracut, which runs again and again until the root disk appears.
(
    . /usr/share/nbft/wanted && nbft_wanted || exit 0
    . /usr/share/nbft/degraded
    nbft_degraded
)
