/* SPDX-License-Identifier: MIT */
/*
 * The hypercall transport of dom0 programs: the same typed wrappers as in a guest kernel, carried
 * by Linux's devices /dev/xen/privcmd, evtchn and gntdev.
 *
 * A single structure that a wrapper takes may lie anywhere: the transport copies it through memory
 * that the kernel neither moves nor swaps. Lists (of mmu_update, mmuext_op, multicall_entry, grant
 * operations; text of console_io) and whatever a structure points at (its xen_handle_t fields) must
 * lie in memory of host_buffer_alloc().
 *
 * Results are the hypervisor's (0 or more, or a negative errno value); -ENODEV before host_open().
 * Nothing here is locked: each thread that calls has a staging buffer of its own, and so has a
 * forked child; host_open() and host_close() are for one thread at a time.
 * Works on Xen 4.17 as well, whose interface versions are the same.
 */
#ifndef LAMINA_HOST_H
#define LAMINA_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "public/event_channel.h"
#include "public/grant_table.h"
#include "public/xen.h"

/*
 * Opens the devices; counts, so that each library may. 0, or -ENOENT: no such device (no
 * hypervisor, or the kernel's module is not loaded), -EACCES: not root, or another errno value.
 */
int host_open(void) __attribute__((warn_unused_result));
/* Undoes one host_open(); the last one closes the devices. */
void host_close(void);

/*
 * Zeroed whole pages that hypercalls may read and write; NULL: no memory, or not open. A forked
 * child shares them with its parent. Freeing NULL is nothing.
 */
void *host_buffer_alloc(size_t size);
/* Gives them back; `size` is the one that they were asked for with. */
void host_buffer_free(void *buffer, size_t size);

/* ---- hypercalls: what the wrappers are made of ---- */

/* The hypercall `nr`: its result, or a negative errno value of the kernel's. Needs host_open(). */
long host_hypercall(unsigned long nr, unsigned long a0, unsigned long a1, unsigned long a2,
                    unsigned long a3, unsigned long a4);
/* Copies a structure into the staging buffer for the next call; back after that call. */
unsigned long host_stage(const void *from, size_t size);
/* Copies it back from where host_stage() put it, once the call is over. */
void host_unstage(void *to, unsigned long address, size_t size);

#define _hypercall0(nr)                      host_hypercall(nr, 0, 0, 0, 0, 0)
#define _hypercall1(nr, a)                   host_hypercall(nr, a, 0, 0, 0, 0)
#define _hypercall2(nr, a, b)                host_hypercall(nr, a, b, 0, 0, 0)
#define _hypercall3(nr, a, b, c)             host_hypercall(nr, a, b, c, 0, 0)
#define _hypercall4(nr, a, b, c, d)          host_hypercall(nr, a, b, c, d, 0)
#define _hypercall5(nr, a, b, c, d, e)       host_hypercall(nr, a, b, c, d, e)
#define _hypercall_stage(p, size)            host_stage(p, size)
#define _hypercall_unstage(p, address, size) host_unstage(p, address, size)

#include "hypercall_wrappers.h"

/* ---- other domains' memory ---- */

/*
 * Maps nr machine frames of a domain at a new address (prot: PROT_READ, PROT_WRITE). errors, when
 * not NULL, has nr elements and gets 0 or a negative errno value each; the call then succeeds when
 * at least one frame was mapped. Without it one refusal fails the call. A page of address space
 * whose frame was refused must not be touched.
 */
int host_frames_map(domid_t domain, const uint64_t *mfns, size_t nr, int prot, int *errors,
                    void **address) __attribute__((warn_unused_result));

/* Maps frames of a resource (XENMEM_resource_*), as XENMEM_acquire_resource names them. */
int host_resource_map(domid_t domain, uint32_t type, uint32_t id, uint64_t frame, size_t nr,
                      void **address) __attribute__((warn_unused_result));

/* Undoes either; NULL is nothing. */
void host_unmap(void *address, size_t nr_frames);

/* ---- event channels: a file descriptor each, readable when a port is pending ---- */

/* The descriptor; does not block. */
int host_evtchn_open(void) __attribute__((warn_unused_result));
/* The local port for the remote one that waits for us, or a negative errno value. Closing the
 * descriptor closes all its ports. */
int host_evtchn_bind_interdomain(int fd, domid_t domain, evtchn_port_t remote);
/* The same for a virtual interrupt (VIRQ_*) of vCPU 0. */
int host_evtchn_bind_virq(int fd, uint32_t virq);
/* Closes one port: 0, or a negative errno value: not one of this descriptor. */
int host_evtchn_unbind(int fd, evtchn_port_t port);
/* Signals the other end of the port: 0 or a negative errno value. */
int host_evtchn_notify(int fd, evtchn_port_t port);
/* Takes one pending port, which stays masked until unmask: 1, or 0 when there is none. */
int host_evtchn_next(int fd, evtchn_port_t *port);
/* Has the port heard again, after host_evtchn_next(): 0 or a negative errno value. */
int host_evtchn_unmask(int fd, evtchn_port_t port);

/* ---- grants of other domains ---- */

/* The descriptor that mappings belong to, or a negative errno value; closing it undoes them. */
int host_grants_open(void) __attribute__((warn_unused_result));
/* Maps nr references next to each other; -EINVAL etc. when one is refused, and then none is. */
int host_grants_map(int fd, domid_t domain, const grant_ref_t *refs, size_t nr, int prot,
                    void **address) __attribute__((warn_unused_result));
/* Undoes host_grants_map(), with its nr; NULL is nothing. */
void host_grants_unmap(int fd, void *address, size_t nr);

#endif
