/* SPDX-License-Identifier: MIT */
/* The layout table of our public headers. */
#include "layout.h"
#include "abi_headers.h"

LAYOUT_RING;

const struct layout_row layout_ours[] = {
#include "abi_rows.h"
    LAYOUT_RING_ROWS
};
const size_t layout_ours_rows = sizeof(layout_ours) / sizeof(layout_ours[0]);
