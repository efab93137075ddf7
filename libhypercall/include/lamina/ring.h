/* SPDX-License-Identifier: MIT */
/*
 * Shared rings (public/io/ring.h) with this processor's barriers. Both ends write the same page:
 * take a slot by RING_COPY_RESPONSE() before looking at it, and give a device up when
 * RING_RESPONSE_PROD_OVERFLOW() holds.
 * Source: the ring protocol of Xen 4.17's split drivers; AMD64 manual volume 2, 7.2 (memory order).
 */
#ifndef LAMINA_RING_H
#define LAMINA_RING_H

#define xen_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

#include "public/io/ring.h"

#endif
