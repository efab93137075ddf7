/* SPDX-License-Identifier: MIT */
/*
 * Locks between the programs of the control domain: files that the kernel unlocks when their
 * holder dies. Order: creation first, then one domain.
 */
#ifndef LAMINA_DOMAIN_LOCK_H
#define LAMINA_DOMAIN_LOCK_H

/*
 * DAEMON_RUN_DIR/create.lock: held while names and disks are compared with those in use, until the
 * new domain's are recorded. DAEMON_RUN_DIR/domain-N.lock: one program at a time changes domain N.
 * Wait for as long as it takes; a signal with a handler ends the wait with -EINTR. A descriptor for
 * lock_release(), or a negative errno value.
 */
int lock_creation(void) __attribute__((warn_unused_result));
int lock_domain(unsigned domid) __attribute__((warn_unused_result));
/* The same without waiting: -EWOULDBLOCK when somebody has it. */
int lock_try_domain(unsigned domid) __attribute__((warn_unused_result));
void lock_release(int fd); /* negative is nothing */

/* Removes the file of a domain's lock, whose holder is the caller: the domain is no more. */
void lock_forget(unsigned domid);

#endif
