/* SPDX-License-Identifier: MIT */
/*
 * console_io: dom0's text to and from the hypervisor's console. A serial line is slow, so a long
 * write is preempted after each part.
 */
#include "core/console.h"
#include "hypercall/hypercall.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "public/xen.h"
#include "sys/log.h"
#include "sys/percpu.h"

#define PART_BYTES 128 /* 11 ms of a serial line at 115,200 bit/s */

long hc_console_write(uint32_t count, guest_ptr_t text)
{
    char part[PART_BYTES];

    if (!guest_range_ok(text, count, 1))
        return -EFAULT;
    while (count) {
        uint32_t n = MIN(count, (uint32_t)PART_BYTES);

        if (copy_from_guest(part, text, n))
            return -EFAULT;
        log_raw(part, n);
        count -= n;
        text = guest_ptr_at(text, n, 1);
        if (count && preempt_pending())
            return hypercall_restart(3, CONSOLEIO_write, count, text.va, 0);
    }
    return 0;
}

/* Bounded by what was typed, which the console's own buffer bounds. */
long hc_console_read(uint32_t count, guest_ptr_t text)
{
    char part[PART_BYTES];
    uint32_t done = 0;

    if (!guest_range_ok(text, count, 1))
        return -EFAULT;
    while (done < count && done < INT32_MAX) {
        size_t n = console_read(part, MIN(count - done, (uint32_t)PART_BYTES));

        if (!n)
            break;
        if (copy_to_guest(guest_ptr_at(text, done, 1), part, n))
            return -EFAULT;
        done += (uint32_t)n;
    }
    return done;
}
