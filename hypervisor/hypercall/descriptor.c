/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables, segment bases, the kernel stack, and debug registers of the calling vCPU.
 */
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "pv/guest_cpu.h"
#include "pv/trap.h"

#define TRAPS_MAX         257 /* one for each vector, and the end of the list */
#define GDT_FRAME_ENTRIES 512

/* Entries before a bad one stay set: a list is a sequence of settings, as the ABI has it. */
long hc_set_trap_table(guest_ptr_t traps)
{
    struct vcpu *v = current;

    if (!traps.va) {
        trap_reset(v);
        return 0;
    }
    for (unsigned i = 0; i < TRAPS_MAX; i++) {
        struct trap_info info;
        int ret;

        if (copy_from_guest(&info, guest_ptr_at(traps, i, sizeof(info)), sizeof(info)))
            return -EFAULT;
        if (!info.address)
            return 0;
        ret = trap_set(v, &info);
        if (ret)
            return ret;
    }
    return -EINVAL; /* no end within all vectors */
}

long hc_set_gdt(guest_ptr_t frames, uint32_t entries)
{
    unsigned nr = DIV_ROUND_UP(entries, GDT_FRAME_ENTRIES);
    uint64_t list[GDT_FRAMES_MAX];

    if (entries > GDT_FRAMES_MAX * GDT_FRAME_ENTRIES)
        return -EINVAL;
    if (copy_from_guest(list, frames, nr * sizeof(list[0])))
        return -EFAULT;
    return gdt_set(current, list, entries);
}

long hc_update_descriptor(uint64_t maddr, uint64_t descriptor)
{
    if (maddr % sizeof(descriptor))
        return -EINVAL;
    return descriptor_update(current->domain, maddr, descriptor);
}

long hc_stack_switch(uint64_t ss, uint64_t sp)
{
    return stack_switch(current, ss, sp);
}

long hc_set_segment_base(uint32_t which, uint64_t base)
{
    return segment_base_set(current, which, base);
}

long hc_fpu_taskswitch(int32_t set)
{
    fpu_taskswitch(current, set != 0);
    return 0;
}

long hc_set_debugreg(uint32_t reg, uint64_t value)
{
    return debugreg_set(current, reg, value);
}

long hc_get_debugreg(uint32_t reg)
{
    uint64_t value;
    int ret = debugreg_get(current, reg, &value);

    return ret ? ret : (long)value;
}
