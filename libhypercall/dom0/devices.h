/* SPDX-License-Identifier: MIT */
/*
 * Linux's devices for programs of the control domain: their ioctl numbers and arguments
 * (/dev/xen/privcmd, hypercall, evtchn and gntdev, as of Linux 4.18 and later).
 */
#ifndef LAMINA_DOM0_DEVICES_H
#define LAMINA_DOM0_DEVICES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define HOST_PAGE_SIZE ((size_t)4096)

/* ---- privcmd: hypercalls, frames of other domains ---- */

struct privcmd_hypercall {
    uint64_t number, arguments[5];
};

struct privcmd_map_frames {
    uint32_t nr;
    uint16_t domain;
    uint64_t address;
    uint64_t mfns;   /* uint64_t[nr] */
    uint64_t errors; /* int[nr], written */
};

struct privcmd_map_resource {
    uint16_t domain;
    uint32_t type, id, frame;
    uint64_t nr;
    uint64_t address;
};

#define PRIVCMD_HYPERCALL    _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define PRIVCMD_MAP_FRAMES   _IOC(_IOC_NONE, 'P', 4, sizeof(struct privcmd_map_frames))
#define PRIVCMD_MAP_RESOURCE _IOC(_IOC_NONE, 'P', 7, sizeof(struct privcmd_map_resource))

/* ---- evtchn: ports as file descriptors ---- */

struct evtchn_virq {
    uint32_t virq;
};

struct evtchn_peer {
    uint32_t domain, port;
};

struct evtchn_port {
    uint32_t port;
};

#define EVTCHN_BIND_VIRQ        _IOC(_IOC_NONE, 'E', 0, sizeof(struct evtchn_virq))
#define EVTCHN_BIND_INTERDOMAIN _IOC(_IOC_NONE, 'E', 1, sizeof(struct evtchn_peer))
#define EVTCHN_UNBIND           _IOC(_IOC_NONE, 'E', 3, sizeof(struct evtchn_port))
#define EVTCHN_NOTIFY           _IOC(_IOC_NONE, 'E', 4, sizeof(struct evtchn_port))

/* ---- gntdev: grants of other domains ---- */

struct gntdev_ref {
    uint32_t domain, ref;
};

struct gntdev_map {
    uint32_t nr, pad;
    uint64_t index;            /* out: the offset for mmap() */
    struct gntdev_ref refs[1]; /* nr of them */
};

struct gntdev_unmap {
    uint64_t index;
    uint32_t nr, pad;
};

struct gntdev_find {
    uint64_t address;
    uint64_t index;   /* out */
    uint32_t nr, pad; /* out */
};

#define GNTDEV_MAP   _IOC(_IOC_NONE, 'G', 0, sizeof(struct gntdev_map))
#define GNTDEV_UNMAP _IOC(_IOC_NONE, 'G', 1, sizeof(struct gntdev_unmap))
#define GNTDEV_FIND  _IOC(_IOC_NONE, 'G', 2, sizeof(struct gntdev_find))

/* The descriptor of privcmd, or -1 before host_open(). */
int host_privcmd(void);

#endif
