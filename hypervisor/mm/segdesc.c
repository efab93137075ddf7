/* SPDX-License-Identifier: MIT */
/*
 * Descriptor pages: frames that the real GDT and LDT are made of. Like tables they are never
 * writable by the guest, and each descriptor in them is harmless: code and data at privilege
 * level 3 of any base and limit (segmentation protects nothing in 64-bit mode), or nothing.
 * Gates, TSS and LDT descriptors would lead into ring 0 and are refused.
 */
#include "mm/internal.h"

bool segdesc_fix(uint64_t *descriptor)
{
    if (!segdesc_ok(*descriptor))
        return false;
    *descriptor = segdesc_safe(*descriptor);
    return true;
}
