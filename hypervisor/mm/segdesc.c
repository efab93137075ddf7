/* SPDX-License-Identifier: MIT */
/*
 * Descriptor pages: frames that the real GDT and LDT are made of. Like tables they are never
 * writable by the guest, and each descriptor in them is harmless: code and data at privilege
 * level 3 of any base and limit (segmentation protects nothing in 64-bit mode), or nothing.
 * Gates, TSS and LDT descriptors would lead into ring 0 and are refused.
 */
#include "mm/internal.h"

#define SEG_PRESENT BIT(47)
#define SEG_CODE_DATA BIT(44)
#define SEG_DPL     (BIT(45) | BIT(46))
#define SEG_TYPE    (UINT64_C(0xf) << 40)
#define SEG_ACCESSED BIT(40)

bool segdesc_fix(uint64_t *descriptor)
{
    uint64_t d = *descriptor;

    if (!(d & SEG_PRESENT))
        return true; /* using it faults */
    if (!(d & SEG_CODE_DATA)) {
        /* Type 0 faults as well: the upper half of a 16-byte descriptor looks like that. */
        return (d & SEG_TYPE) == 0;
    }
    /* Accessed beforehand: the processor need not write to the page while it loads a segment. */
    d |= SEG_DPL | SEG_ACCESSED;
    if (d != *descriptor)
        WRITE_ONCE(*descriptor, d);
    return true;
}
