/* SPDX-License-Identifier: MIT */
/*
 * Tables of the calling vCPU: exceptions, descriptors, callbacks in one call; and a debug register.
 */
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "public/callback.h"
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

long hc_get_debugreg(uint32_t reg)
{
    uint64_t value;
    int ret = debugreg_get(current, reg, &value);

    return ret ? ret : (long)value;
}

/* The older form of callback_op: all three or none. */
long hc_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall)
{
    struct vcpu *v = current;
    int ret;

    if (!is_canonical(event) || !is_canonical(failsafe) || !is_canonical(syscall))
        return -EINVAL;
    ret = callback_register(v, CALLBACKTYPE_event, 0, event);
    if (ret == 0)
        ret = callback_register(v, CALLBACKTYPE_failsafe, 0, failsafe);
    if (ret == 0)
        ret = callback_register(v, CALLBACKTYPE_syscall, 0, syscall);
    return ret;
}
