/* SPDX-License-Identifier: MIT */
/*
 * Stand-ins for the kernel: its loop devices and bridges (in memory that forked children share),
 * and its back ends, which do in the store what xen-blkback and xen-netback do.
 *
 * Every loop device, bridge and store call is a step; a process can be told to die at one.
 */
#ifndef TESTS_DEVICE_KERNEL_H
#define TESTS_DEVICE_KERNEL_H

#include <linux/loop.h>
#include <stdbool.h>

enum { FAKE_LOOPS = 4 };

struct fake_kernel {
    struct {
        bool in_use;
        struct loop_info64 info;
    } loops[FAKE_LOOPS];
    unsigned nr_stolen; /* so many free loop devices are taken by others just before us */
    char bridge[16];    /* the one there is */
    char ports[256];    /* "vif3.0>br0 " each */
    bool has_back_ends; /* else nobody answers */
    bool gives_up;      /* back ends go to Closing at once */
    bool guest_lets_go; /* front ends close when asked to */
};

extern struct fake_kernel *fake;

void fake_begin(void);
void fake_end(void);

/* Back ends serve in a process of their own until the end. */
void fake_back_ends_begin(void);
void fake_back_ends_end(void);

#define DIED 42 /* exit code of a process that was told to die */
/* From now on; 0: never. The step that is not carried out any more. */
void fake_die_at(unsigned step);

#endif
