/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a domain's end, by the store's @releaseDomain, which every shutdown and every end of
 * a domain fires; nothing is polled. Each wait has a connection of its own, so that the caller's
 * watches lose no event.
 */
#ifndef LAMINA_DOMAIN_WAIT_H
#define LAMINA_DOMAIN_WAIT_H

/* Waits until the hypervisor knows the domain no more. timeout_ms < 0: for ever. -ETIMEDOUT. */
int domain_wait_gone(unsigned domid, int timeout_ms) __attribute__((warn_unused_result));

#endif
