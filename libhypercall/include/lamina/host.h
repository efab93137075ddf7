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
 * A `domain` is a number of a domain that exists, an `fd` a descriptor of the call that opens one,
 * a `port` one of that descriptor's; `prot` is PROT_READ, PROT_WRITE or both; frames have 4 KiB.
 * Nothing here is locked: each thread that calls has a staging buffer of its own, and so has a
 * forked child; host_open() and host_close() are for one thread at a time.
 * Works on Xen 4.17 as well, whose interface versions are the same.
 * Source: the ioctls of Linux 6.1's privcmd, evtchn and gntdev (include/uapi/xen/), and the
 * hypercalls that they make for us.
 */
#ifndef LAMINA_HOST_H
#define LAMINA_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "public/event_channel.h"
#include "public/grant_table.h"
#include "public/xen.h"

/*
 * Opens the devices; counts, so that each library may. Returns 0; -ENOENT: no such device (no
 * hypervisor, or the kernel's module is not loaded), -EACCES: not root, or another error of open().
 */
int host_open(void) __attribute__((warn_unused_result));
/* Undoes one host_open(); the last one closes the devices. */
void host_close(void);

/*
 * Makes zeroed whole pages, at least `size` bytes, that hypercalls may read and write. A forked
 * child shares them with its parent. Returns them; NULL: size is 0, no memory, or not open.
 */
void *host_buffer_alloc(size_t size);
/* Gives `buffer` back; `size` is the one that it was asked for with. NULL is nothing. */
void host_buffer_free(void *buffer, size_t size);

/* ---- hypercalls: what the wrappers are made of ---- */

/*
 * Makes hypercall `nr` with the arguments a0, a1, a2, a3 and a4; what was staged before is for this
 * call. Returns its result; -ENODEV: before host_open(), -ENOMEM: no room to stage what it points
 * at, or a negative errno value of the hypervisor's.
 */
long host_hypercall(unsigned long nr, unsigned long a0, unsigned long a1, unsigned long a2,
                    unsigned long a3, unsigned long a4);
/*
 * Copies `size` bytes at `from` into this thread's staging buffer of two pages, for the next call.
 * Returns the address to pass; 0: from is NULL, or there is no room, which that call then tells.
 */
unsigned long host_stage(const void *from, size_t size);
/* Copies `size` bytes back into `to` from the `address` that host_stage() gave, once the call is
 * over; 0 is nothing. */
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
 * Maps nr machine frames of a domain, `mfns`, next to each other at a new *address. errors, when
 * not NULL, has nr elements and gets 0 or a negative errno value each; the call then succeeds when
 * at least one frame was mapped. Without it one refusal fails the call. A page of address space
 * whose frame was refused must not be touched. Returns 0; -ENODEV: before host_open(), -EINVAL: nr
 * is 0 or a frame was refused, -ENOMEM: no address space, -ESRCH: no such domain.
 */
int host_frames_map(domid_t domain, const uint64_t *mfns, size_t nr, int prot, int *errors,
                    void **address) __attribute__((warn_unused_result));

/*
 * Maps `nr` frames from `frame` on of a resource, `type` (XENMEM_resource_*) and `id` as
 * XENMEM_acquire_resource names them, to read and write, at a new *address. Returns 0;
 * -ENODEV: before host_open(), -EINVAL: no such frames, -ENOMEM: no address space, -ESRCH: no such
 * domain, -EOPNOTSUPP: no such resource.
 */
int host_resource_map(domid_t domain, uint32_t type, uint32_t id, uint64_t frame, size_t nr,
                      void **address) __attribute__((warn_unused_result));

/* Undoes either, at its `address` and with its `nr_frames`; NULL is nothing. */
void host_unmap(void *address, size_t nr_frames);

/* ---- event channels: a file descriptor each, readable when a port is pending ---- */

/* Opens a descriptor that does not block and is closed by exec; close() closes all its ports.
 * Returns it; -ENOENT: no such device, -EACCES: not root, or another error of open(). */
int host_evtchn_open(void) __attribute__((warn_unused_result));
/* Binds the port `remote` of a domain, which waits for us. Returns our port; -EINVAL: it does not
 * wait for us, -ESRCH: no such domain, -ENOSPC: all ports are in use. */
int host_evtchn_bind_interdomain(int fd, domid_t domain, evtchn_port_t remote);
/*
 * Binds a virtual interrupt, `virq` (VIRQ_*), of vCPU 0. Returns our port; -EEXIST: somebody has
 * it, -EINVAL: no such interrupt.
 */
int host_evtchn_bind_virq(int fd, uint32_t virq);
/* Closes one port. Returns 0; -ENOTCONN: not one of this descriptor, -EINVAL: no port at all. */
int host_evtchn_unbind(int fd, evtchn_port_t port);
/* Signals the other end of the port. Returns 0; -ENOTCONN: not one of this descriptor. */
int host_evtchn_notify(int fd, evtchn_port_t port);
/* Takes one pending port into *port; it stays masked until host_evtchn_unmask(). Returns 1, or 0:
 * there is none; -EFBIG: the kernel's list of them overflowed, -EIO: half a number. */
int host_evtchn_next(int fd, evtchn_port_t *port);
/* Has the port heard again, after host_evtchn_next(). Returns 0, also for a port that is none of
 * this descriptor's; -EBADF: no descriptor. */
int host_evtchn_unmask(int fd, evtchn_port_t port);

/* ---- grants of other domains ---- */

/* Opens the descriptor that mappings belong to; what is mapped outlives its close(). Returns it;
 * -ENOENT: no such device, -EACCES: not root, or another error of open(). */
int host_grants_open(void) __attribute__((warn_unused_result));
/*
 * Maps nr references of a domain, `refs` (1..65536 of them), next to each other at a new *address.
 * Returns 0; -EINVAL: a number out of bounds, or a reference that was refused, and then none is
 * mapped, -ENOMEM: no memory or address space.
 */
int host_grants_map(int fd, domid_t domain, const grant_ref_t *refs, size_t nr, int prot,
                    void **address) __attribute__((warn_unused_result));
/* Undoes host_grants_map(), at its `address` and with its `nr`; NULL is nothing. */
void host_grants_unmap(int fd, void *address, size_t nr);

#endif
