/* SPDX-License-Identifier: MIT */
/* Start info: what every PV kernel is told at its first instruction. */
#include "lib/pv_start.h"
#include "lib/string.h"

static const char magic[] = "xen-3.0-x86_64";

void pv_start_info_fill(struct start_info *si, const struct pv_layout *at,
                        const struct pv_start *start)
{
    memset(si, 0, sizeof(*si));
    memcpy(si->magic, magic, sizeof(magic));
    si->nr_pages = start->nr_frames;
    si->pt_base = layout_virt(at, at->tables);
    si->nr_pt_frames = at->nr_tables;
    si->mfn_list = at->p2m_virt;
    if (at->p2m_apart) {
        si->first_p2m_pfn = at->p2m;
        si->nr_p2m_frames = at->nr_p2m + at->nr_p2m_tables;
    }
    if (start->initrd_bytes != 0) {
        if (start->notes.mod_start_pfn)
            si->flags |= SIF_MOD_START_PFN;
        si->mod_start = start->notes.mod_start_pfn ? at->initrd : layout_virt(at, at->initrd);
        si->mod_len = start->initrd_bytes;
    }
    if (start->cmdline != NULL)
        (void)string_copy((char *)si->cmd_line, sizeof(si->cmd_line), start->cmdline);
}
