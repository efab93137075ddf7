/* SPDX-License-Identifier: MIT */
/*
 * Domain configuration: one paravirtual domain as libvirt's domain XML describes it.
 *
 * Reading takes the dialects that libvirt dumps, that virt-install prints and that people write:
 * <domain type='xen'>, <os><type> "linux" or "xen" with machine xenpv or none. What is wrong is an
 * error that names line, element and what was expected. What is valid elsewhere but without effect
 * here is a warning, and the element is kept: writing gives it back. What gets lost are comments
 * and white space between elements, attributes that were warned about, and the marks of a single
 * run that libvirt dumps (the domain's id, a console's tty, the index of a source, a port's
 * portid).
 *
 * The file is untrusted input: its size, depth and counts are bounded, document type declarations
 * (hence entities) are refused, and nothing but the file itself is ever opened.
 */
#ifndef LAMINA_CONFIG_DOMAIN_CONFIG_H
#define LAMINA_CONFIG_DOMAIN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/report.h"

#define CONFIG_FILE_MAX       ((size_t)256 << 10)  /* no honest file comes near */
#define CONFIG_NAME_MAX       127u                 /* part of file names of logs and sockets */
#define CONFIG_CMDLINE_MAX    1023u                /* start_info has 1024 bytes with the NUL */
#define CONFIG_PATH_MAX       4095u                /* Linux: PATH_MAX with the NUL */
#define CONFIG_TEXT_MAX       ((size_t)64 << 10)   /* title, description, other free text */
#define CONFIG_MEMORY_KIB_MAX ((uint64_t)16 << 30) /* 16 TiB, beyond the direct map */
#define CONFIG_MEMORY_KIB_MIN ((uint64_t)4 << 10)  /* the initial mapping is a multiple of it */
#define CONFIG_VCPUS_MAX      64u                  /* the hypervisor's limit */
#define CONFIG_DISKS_MAX      64u
#define CONFIG_INTERFACES_MAX 32u

enum domain_action {
    ACTION_DESTROY,
    ACTION_RESTART,
    ACTION_PRESERVE,
    ACTION_RENAME_RESTART,
    ACTION_COREDUMP_DESTROY, /* the last two: on_crash only */
    ACTION_COREDUMP_RESTART,
};

/* Their names as in the file, NULL at the end. */
extern const char *const domain_action_names[];

enum clock_offset { CLOCK_UTC, CLOCK_LOCALTIME, CLOCK_VARIABLE };

struct domain_clock {
    enum clock_offset offset;
    int64_t adjustment_s; /* CLOCK_VARIABLE: seconds ahead of UTC */
    char *kept;
};

/* What the scheduler is told; an absent value leaves the hypervisor's default. */
struct domain_cputune {
    bool has_shares;
    bool has_period;
    bool has_quota;
    uint32_t shares;
    uint64_t period_us;
    int64_t quota_us; /* negative: no limit */
    uint64_t pinned;  /* vCPUs that have an affinity of their own, bit n is vCPU n */
    uint64_t affinity[CONFIG_VCPUS_MAX];
    char *kept;
};

enum disk_source { DISK_BLOCK, DISK_FILE };

struct domain_disk {
    enum disk_source source_type;
    char *source; /* absolute path */
    char *target; /* "xvda" */
    bool cdrom;
    bool readonly;
    bool shareable;
    bool direct_io; /* driver cache='none' or 'directsync' */
    bool discard;
    bool has_slice;
    uint64_t slice_offset; /* bytes */
    uint64_t slice_size;
    int line;     /* in the file, for later errors about the source */
    char *driver; /* the back end's name in the file; kept, the kernel's serves every disk */
    char *source_kept;
    char *kept;
};

struct domain_interface {
    char *bridge; /* NULL: the bridge that the tools make themselves */
    char *target; /* name of the interface in dom0, or NULL */
    bool has_mac;
    uint8_t mac[6];
    uint32_t mtu;              /* 0: default */
    uint64_t out_average_kibs; /* KiB/s that the guest may send; 0: no limit */
    bool link_down;
    int line;
    char *bandwidth_kept;
    char *kept;
};

struct domain_console {
    char *log;       /* absolute path of a log file, or NULL: the default */
    bool log_append; /* else the log starts anew with the domain */
    char *kept;
};

struct domain_config {
    char *name;
    bool has_uuid;
    uint8_t uuid[16];
    char *title;
    char *description;
    char *metadata; /* the element as XML text, verbatim */
    uint64_t memory_kib;
    uint64_t current_memory_kib; /* at most memory_kib */
    unsigned nr_vcpus_max;
    unsigned nr_vcpus; /* on line at the start */
    uint64_t cpuset;   /* 0: any processor */
    struct domain_cputune cputune;

    /* Either a kernel, or a boot loader: PV GRUB from the guest's own disk. */
    char *kernel;
    char *initrd;
    char *cmdline;
    bool has_bootloader;
    char *bootloader; /* its text, as in the file */
    char *bootloader_args;
    char *os_kept;

    enum domain_action on_poweroff;
    enum domain_action on_reboot;
    enum domain_action on_crash;
    struct domain_clock clock;

    struct domain_disk disks[CONFIG_DISKS_MAX];
    size_t nr_disks;
    struct domain_interface interfaces[CONFIG_INTERFACES_MAX];
    size_t nr_interfaces;
    bool has_console;
    struct domain_console console;

    char *devices_kept; /* elements without effect here, as XML text */
    char *kept;
};

/*
 * Reads a file ("-" is standard input) into config. Returns 0, or -EINVAL when the report holds an
 * error, -ENOMEM, or the reason why the file could not be read (-ENOENT, -EFBIG ...), about which
 * the report then says nothing. The caller has zeroed the report but for .strict. In every case
 * config is for domain_config_free() afterwards.
 */
int domain_config_read(const char *path, struct domain_config *config,
                       struct config_report *report);

/* The same of size bytes in memory. */
int domain_config_parse(const char *xml, size_t size, struct domain_config *config,
                        struct config_report *report);

/* The configuration as XML text in its normal form, to be freed; NULL: no memory. */
char *domain_config_write(const struct domain_config *config);

/* Frees what config refers to, and zeroes it. */
void domain_config_free(struct domain_config *config);

#endif
