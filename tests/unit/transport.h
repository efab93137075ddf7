/* SPDX-License-Identifier: MIT */
/*
 * The part of the hypercall transport (lamina/host.h) that only moves structures, for tests whose
 * hypervisor is in the same process: nothing has to be copied. Each program includes this once and
 * has a host_hypercall() of its own.
 */
#ifndef LAMINA_TESTS_TRANSPORT_H
#define LAMINA_TESTS_TRANSPORT_H

#include <stdlib.h>

#include "lamina/host.h"

void *host_buffer_alloc(size_t size)
{
    return calloc(1, size);
}

void host_buffer_free(void *buffer, size_t size)
{
    (void)size;
    free(buffer);
}

unsigned long host_stage(const void *from, size_t size)
{
    (void)size;
    return (unsigned long)from;
}

void host_unstage(void *to, unsigned long address, size_t size)
{
    (void)to;
    (void)address;
    (void)size;
}

#endif
