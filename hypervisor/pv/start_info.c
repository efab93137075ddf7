/* SPDX-License-Identifier: MIT */
/* dom0's start info page: what every domain is told, who dom0 is, and its screen. */
#include "lib/string.h"
#include "mm/guest.h"
#include "pv/build.h"

void start_info_build(struct pv_build *b)
{
    const struct pv_image *image = b->image;
    struct start_info *si = build_frame(b, b->at.start_info);

    memset(si, 0, PAGE_SIZE);
    pv_start_info_fill(si, &b->at, &b->start);
    si->shared_info = mfn_to_maddr(shared_frame(b->d->shared));
    si->flags |= SIF_PRIVILEGED | SIF_INITDOMAIN;
    if (image->screen_bytes != 0) {
        memcpy(si + 1, &image->screen, image->screen_bytes);
        si->console.dom0.info_off = sizeof(*si);
        si->console.dom0.info_size = image->screen_bytes;
    }
}
