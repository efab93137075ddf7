/* SPDX-License-Identifier: MIT */
/*
 * Guest memory by guest virtual address, in the address space of the running vCPU. The whole range
 * is checked against the hypervisor hole first. All return 0 or -EFAULT; on -EFAULT part may have
 * been copied. Each byte is read once per call: callers copy, then look.
 */
#ifndef LAMINA_MM_GUEST_H
#define LAMINA_MM_GUEST_H

#include "x86/machine.h"

/* A frame that a guest writes too, as we see it, and back. */
static inline void guest_shared *shared_map(mfn_t mfn)
{
    return (void guest_shared unshared *)machine_map(mfn);
}
static inline mfn_t shared_frame(const void guest_shared *p)
{
    return maddr_to_mfn(machine_maddr((const void unshared *)p));
}

bool guest_range_ok(guest_ptr_t p, uint64_t count, uint64_t size); /* overflow-checked */
int copy_from_guest(void *dst, guest_ptr_t src, size_t bytes) must_check;
int copy_to_guest(guest_ptr_t dst, const void *src, size_t bytes) must_check;
int clear_guest(guest_ptr_t dst, size_t bytes) must_check;
static inline guest_ptr_t guest_ptr_at(guest_ptr_t p, uint64_t index, size_t size)
{
    return guest_ptr(p.va + index * size);
}

#endif
