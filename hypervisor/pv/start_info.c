/* SPDX-License-Identifier: MIT */
/* The start info page: all that dom0's kernel is told at its first instruction. */
#include "lib/string.h"
#include "pv/build.h"

static const char magic[] = "xen-3.0-x86_64";

static void copy_string(int8_t *dst, const char *src, size_t max)
{
    size_t n = MIN(strlen(src), max - 1);

    memcpy(dst, src, n);
    dst[n] = 0;
}

void start_info_build(struct pv_build *b)
{
    const struct pv_layout *at = &b->at;
    const struct pv_image *image = b->image;
    struct start_info *si = build_frame(b, at->start_info);

    memset(si, 0, PAGE_SIZE);
    memcpy(si->magic, magic, sizeof(magic));
    si->nr_pages = image->nr_frames;
    si->shared_info = machine_maddr(b->d->shared);
    si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    si->pt_base = layout_virt(at, at->tables);
    si->nr_pt_frames = at->nr_tables;
    si->mfn_list = at->p2m_virt;
    if (at->p2m_apart) {
        si->first_p2m_pfn = at->p2m;
        si->nr_p2m_frames = at->nr_p2m + at->nr_p2m_tables;
    }
    if (image->initrd_bytes != 0) {
        if (b->notes.mod_start_pfn)
            si->flags |= SIF_MOD_START_PFN;
        si->mod_start = b->notes.mod_start_pfn ? at->initrd : layout_virt(at, at->initrd);
        si->mod_len = image->initrd_bytes;
    }
    copy_string(si->cmd_line, image->cmdline, sizeof(si->cmd_line));
    if (image->screen_bytes != 0) {
        memcpy(si + 1, &image->screen, image->screen_bytes);
        si->console.dom0.info_off = sizeof(*si);
        si->console.dom0.info_size = image->screen_bytes;
    }
}
