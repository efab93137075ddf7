/* SPDX-License-Identifier: MIT */
/*
 * Domains as the tools see them: made from a configuration, found by name, and taken apart.
 *
 * State that tools and daemons share stands in the store, below DOMAIN_RECORD (device/device.h),
 * written before the thing it speaks of exists:
 *
 *   .../name .../uuid       who it is
 *   .../config              path of its XML in DAEMON_RUN_DIR, as it was started (with uuid, MACs)
 *   .../state               "building", "running", "dying"
 *   .../builder             "PID START" of the process that builds it, while it does
 *   .../device/...          see device/device.h
 *
 * laminad takes a domain apart whose builder died, and every record whose domain is gone.
 * All functions take and release the locks of domain/lock.h themselves.
 */
#ifndef LAMINA_DOMAIN_DOMAIN_H
#define LAMINA_DOMAIN_DOMAIN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "config/domain_config.h"
#include "public/domctl.h"
#include "store/client.h"

struct domain_create_options {
    bool paused;           /* leave it paused once it is built */
    bool dry_run;          /* check everything, create nothing */
    void (*progress)(void *context, const char *step); /* or NULL */
    void *context;
    const volatile sig_atomic_t *cancelled; /* a handler sets it to take everything back; or NULL */
};

/*
 * Gives uuid and MACs to config where it has none. *domid is valid on success; after a failure,
 * and when cancelled (-EINTR), nothing is left of the domain.
 */
int domain_create(struct store_client *store, struct domain_config *config,
                  const struct domain_create_options *options, unsigned *domid,
                  struct failure *failure) __attribute__((warn_unused_result));

/* At once, whatever it is doing; and all that it held. */
int domain_destroy(struct store_client *store, unsigned domid, struct failure *failure)
    __attribute__((warn_unused_result));

/* Takes away what a domain that no longer exists has left. -ENOENT: it has left no record. */
int domain_reap(struct store_client *store, unsigned domid, struct failure *failure)
    __attribute__((warn_unused_result));

/* By number, name or uuid; without store (NULL) not by name. -ENOENT, and a failure says so. */
int domain_find(struct store_client *store, const char *word, unsigned *domid,
                struct failure *failure) __attribute__((warn_unused_result));

/* "poweroff", "reboot", "halt", "suspend", or "" to take a request back: control/shutdown. */
int domain_request(struct store_client *store, unsigned domid, const char *what,
                   struct failure *failure) __attribute__((warn_unused_result));

/* One key of Linux's "magic SysRq" (0: takes an unanswered one back): control/sysrq. */
int domain_sysrq(struct store_client *store, unsigned domid, char key, struct failure *failure)
    __attribute__((warn_unused_result));

/* Waits until it has shut down (0, *reason: SHUTDOWN_*) or is gone (0, *reason: -1); -ETIMEDOUT. */
int domain_wait_down(struct store_client *store, unsigned domid, int timeout_ms, int *reason)
    __attribute__((warn_unused_result));

int domain_pause(unsigned domid, struct failure *failure) __attribute__((warn_unused_result));
int domain_unpause(unsigned domid, struct failure *failure) __attribute__((warn_unused_result));
int domain_rename(struct store_client *store, unsigned domid, const char *name,
                  struct failure *failure) __attribute__((warn_unused_result));
/*
 * The balloon's target; the guest follows in its own time. -EINVAL: above its maximum, or less than
 * it needs.
 */
int domain_set_memory(struct store_client *store, unsigned domid, uint64_t memory_kib,
                      struct failure *failure) __attribute__((warn_unused_result));
int domain_set_vcpus(struct store_client *store, unsigned domid, unsigned nr,
                     struct failure *failure) __attribute__((warn_unused_result));

/* Binds a vCPU to processors: bit n is processor n. */
int domain_pin(struct store_client *store, unsigned domid, unsigned vcpu, uint64_t cpus,
               struct failure *failure) __attribute__((warn_unused_result));

/*
 * Devices that come and go while the domain lives, and stand in its configuration from then on
 * (device/device.h says what the arguments mean). An interface without MAC gets one.
 */
int domain_attach_disk(struct store_client *store, unsigned domid, const struct domain_disk *disk,
                       struct failure *failure) __attribute__((warn_unused_result));
int domain_detach_disk(struct store_client *store, unsigned domid, const char *name, bool force,
                       int timeout_ms, struct failure *failure) __attribute__((warn_unused_result));
int domain_attach_interface(struct store_client *store, unsigned domid,
                            struct domain_interface *interface, struct failure *failure)
    __attribute__((warn_unused_result));
int domain_detach_interface(struct store_client *store, unsigned domid, const char *name,
                            bool force, int timeout_ms, struct failure *failure)
    __attribute__((warn_unused_result));

/* The configuration it was started with, brought up to date (devices, memory, vCPUs, name). */
int domain_current_config(struct store_client *store, unsigned domid, struct domain_config *config,
                          struct failure *failure) __attribute__((warn_unused_result));

/* One domain, with what hypervisor and store know of it. */
struct domain_entry {
    struct xen_domctl_getdomaininfo info;
    char *name;     /* "(unknown)" when nobody named it */
    char *state;    /* the record's, or NULL */
};

/* All domains by number; *list is for domains_free(). store may be NULL: no names then. */
int domains_list(struct store_client *store, struct domain_entry **list, size_t *nr,
                 struct failure *failure) __attribute__((warn_unused_result));
void domains_free(struct domain_entry *list, size_t nr);

#endif
