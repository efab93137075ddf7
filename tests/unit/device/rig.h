/* SPDX-License-Identifier: MIT */
/*
 * Rig: what tests of devices stand on: a private store daemon with the domains 3 and 4, a stand-in
 * for the kernel (kernel.h), a disk and an interface to attach.
 */
#ifndef TESTS_DEVICE_RIG_H
#define TESTS_DEVICE_RIG_H

#include "device/device.h"
#include "kernel.h"

#define DOMID 3u

extern struct store_client *store;
extern char image[64], other_image[64]; /* files of 1 MiB */
extern struct domain_disk disk;         /* image as xvda */
extern struct domain_interface interface;
extern struct failure failure;

/* A fixture for each test. */
void rig_begin(void);
void rig_end(void);

/* The whole store as one text, to be freed. */
char *whole_store(void);
unsigned nr_loops(void);

/* The same for whoever is connected as `own`: 0 or a negative errno value. */
int attach_disk(struct store_client *own);
int attach_interface(struct store_client *own);
int detach_disk(struct store_client *own);
int detach_interface(struct store_client *own);
int release_all(struct store_client *own);

#endif
