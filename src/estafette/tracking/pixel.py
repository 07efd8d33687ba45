"""The pixel: one transparent point, which takes no room in a page."""

from __future__ import annotations

#: What stands before and behind its address. Out of the flow, so that nothing moves; where a reader drops that, it is a
#: line of one point, not of a letter's height.
AROUND = (
    b'<img src="',
    b'" width="1" height="1" alt="" style="display:block;position:absolute;width:1px;height:1px;border:0">',
)
