/* SPDX-License-Identifier: MIT */
/*
 * Guest memory by virtual address. The machine's copies catch faults; what is decided here is
 * that a guest's pointer never reaches the hypervisor's half or wraps round it.
 */
#include "mm/guest.h"
#include "lib/errno.h"

/* [va, va + bytes) lies in guest space: below the hole, or wholly above the hypervisor's range. */
static bool range_ok(uint64_t va, uint64_t bytes)
{
    uint64_t end;

    if (__builtin_add_overflow(va, bytes, &end))
        return false;
    return end <= UINT64_C(0x0000800000000000) || va >= HYPERVISOR_END;
}

bool guest_range_ok(guest_ptr_t p, uint64_t count, uint64_t size)
{
    uint64_t bytes;

    return !__builtin_mul_overflow(count, size, &bytes) && range_ok(p.va, bytes);
}

int copy_from_guest(void *dst, guest_ptr_t src, size_t bytes)
{
    if (!range_ok(src.va, bytes))
        return -EFAULT;
    return machine_copy_from_guest(dst, src.va, bytes) ? -EFAULT : 0;
}

int copy_to_guest(guest_ptr_t dst, const void *src, size_t bytes)
{
    if (!range_ok(dst.va, bytes))
        return -EFAULT;
    return machine_copy_to_guest(dst.va, src, bytes) ? -EFAULT : 0;
}

int clear_guest(guest_ptr_t dst, size_t bytes)
{
    if (!range_ok(dst.va, bytes))
        return -EFAULT;
    return machine_clear_guest(dst.va, bytes) ? -EFAULT : 0;
}
